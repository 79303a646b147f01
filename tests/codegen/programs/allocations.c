/* Linked with --wrap for each function below: counts allocations inside calls of the library `net`, of which there
 * must be none, and then in the wrapper that allocates, which proves that counting works. */
#include "net.h"

#include <stdio.h>

static int allocations = 0;

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *block, size_t size);
void *__wrap_mmap(void *address, size_t size, int protection, int flags, int file, long offset);

void *__wrap_malloc(size_t size)
{
    allocations++;
    return __real_malloc(size);
}
void *__wrap_calloc(size_t count, size_t size)
{
    (void)count, (void)size;
    allocations++;
    return NULL;
}
void *__wrap_realloc(void *block, size_t size)
{
    (void)block, (void)size;
    allocations++;
    return NULL;
}
void *__wrap_mmap(void *address, size_t size, int protection, int flags, int file, long offset)
{
    (void)address, (void)size, (void)protection, (void)flags, (void)file, (void)offset;
    allocations++;
    return NULL;
}

int main(void)
{
    static uint8_t in[100 * NET_IN_ELEMENTS];
    static float out[100 * NET_OUT_ELEMENTS];
    unsigned char *block = __real_malloc(net_scratch_bytes(100) + 63);
    void *scratch = block + (64 - (uintptr_t)block % 64) % 64;
    int32_t batch;
    int bad = 0, in_calls;
    for (batch = 1; batch <= 100; batch++) {
        bad += net_run(in, out, scratch, batch) != NET_OK;
    }
    bad += net_status_string(0) == NULL || net_cpu_level() == NULL;
    in_calls = allocations;
    bad += net_run_alloc(in, out, 1) != NET_OK;
    printf("%d allocations in calls, %d in the wrapper\n", in_calls, allocations - in_calls);
    free(block);
    return bad != 0 || in_calls != 0 || allocations != 1;
}
