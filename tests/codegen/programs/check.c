/* Runs the library `net` (STEPS steps) on several batches and compares every output with plain loops; then gives
 * it every kind of bad argument. Prints the CPU level. With an argument: expects that status from every call. */
#include "chain.h"
#include "net.h"

#include <stdio.h>
#include <string.h>

#define MAX_BATCH 65

static uint8_t in[MAX_BATCH * NET_IN_ELEMENTS];
static float out[MAX_BATCH * NET_OUT_ELEMENTS];

static int failures = 0;

static void expect(int got, int wanted, const char *what)
{
    if (got != wanted) {
        printf("%s: status %d (%s), expected %d\n", what, got, net_status_string(got), wanted);
        failures++;
    }
}

static void check_batch(int32_t batch)
{
    int k, wrong = 0;
    memset(out, 0xff, sizeof out);
    expect(net_run_alloc(in, out, batch), NET_OK, "run");
    for (k = 0; k < batch * NET_OUT_ELEMENTS; k++) {
        wrong += out[k] != chain_reference(in[k], k % NET_IN_ELEMENTS, STEPS);
    }
    if (wrong != 0) {
        printf("batch %d: %d of %d outputs are wrong\n", (int)batch, wrong, (int)batch * NET_OUT_ELEMENTS);
        failures++;
    }
}

static void check_bad_arguments(void)
{
    unsigned char *block = (unsigned char *)malloc(net_scratch_bytes(1) + 128);
    unsigned char *scratch = block + (64 - (uintptr_t)block % 64) % 64;
    expect(net_run(in, out, scratch, 1), NET_OK, "aligned scratch");
    expect(net_run(NULL, out, scratch, 1), NET_NULL_POINTER, "null input");
    expect(net_run(in, NULL, scratch, 1), NET_NULL_POINTER, "null output");
    expect(net_run(in, out, NULL, 1), NET_NULL_POINTER, "null scratch");
    expect(net_run(in, out, scratch, 0), NET_BAD_BATCH, "batch 0");
    expect(net_run(in, out, scratch, -1), NET_BAD_BATCH, "batch -1");
    expect(net_run(in, out, scratch, INT32_MIN), NET_BAD_BATCH, "smallest batch");
    expect(net_run(in, out, scratch, NET_MAX_BATCH + 1), NET_BAD_BATCH, "batch too large");
    expect(net_run(in, out, scratch + 32, 1), NET_MISALIGNED, "misaligned scratch");
    expect(net_run(in, (float *)(void *)((unsigned char *)out + 2), scratch, 1), NET_MISALIGNED, "misaligned output");
    expect(net_run_alloc(in, out, 0), NET_BAD_BATCH, "wrapper, batch 0");
    expect(net_scratch_bytes(0) == 0 && net_scratch_bytes(-5) == 0, 1, "scratch of a bad batch");
    expect(net_scratch_bytes(INT32_MIN) == 0 && net_scratch_bytes(NET_MAX_BATCH + 1) == 0, 1, "scratch, far too large");
    expect(net_scratch_bytes(NET_MAX_BATCH) == NET_MAX_BATCH * net_scratch_bytes(1), 1, "scratch of the largest batch");
    expect(net_scratch_bytes(1) != 0 && net_scratch_bytes(7) == 7 * net_scratch_bytes(1), 1, "scratch of 7");
    free(block);
}

int main(int argc, char **argv)
{
    int k;
    for (k = 0; k < MAX_BATCH * NET_IN_ELEMENTS; k++) {
        in[k] = chain_input(k);
    }
    if (argc > 1) {
        expect(net_run_alloc(in, out, 1), atoi(argv[1]), "run");
    } else {
        static const int batches[] = {1, 2, 3, 31, 32, 33, 63, 64, 65};
        for (k = 0; k < (int)(sizeof batches / sizeof *batches); k++) {
            check_batch(batches[k]);
        }
        check_bad_arguments();
    }
    expect(strcmp(net_status_string(NET_OK), "ok"), 0, "text of ok");
    expect(strcmp(net_status_string(-7), "a kernel failed"), 0, "text of an unknown status");
    expect(strcmp(net_status_string(1000), "a kernel failed"), 0, "text of a large status");
    expect(strstr(net_version(), "network net") != NULL, 1, "version");
    expect(net_weight_bytes() == (size_t)STEPS * NET_IN_ELEMENTS, 1, "bytes of weights");
    printf("level %s\n", net_cpu_level());
    return failures != 0;
}
