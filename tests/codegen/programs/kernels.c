/* Stands in for the kernels of a chain of two steps (65 features, level "baseline" or "neon"): checks the buffers
 * that the program passes, and fails in the kernel whose number is the argument. */
#include "net.h"

#include <stdio.h>

/* Halide's, as in HalideRuntime.h. */
struct halide_type_t {
    uint8_t code, bits;
    uint16_t lanes;
};
struct halide_dimension_t {
    int32_t min, extent, stride;
    uint32_t flags;
};
struct halide_buffer_t {
    uint64_t device;
    const void *device_interface;
    uint8_t *host;
    uint64_t flags;
    struct halide_type_t type;
    int32_t dimensions;
    struct halide_dimension_t *dim;
    void *padding;
};

#define JOIN(a, b) a##b
#define NAME(kernel, level) JOIN(kernel, level)

static int failing, calls, bad;
static uint8_t in[3 * 65];
static float out[3 * 65];
static unsigned char scratch[3 * 256] __attribute__((aligned(64)));

static void check(const struct halide_buffer_t *b, const void *host, int code, int bits, int dimensions)
{
    bad += b->host != host || b->type.code != code || b->type.bits != bits || b->type.lanes != 1;
    bad += b->dimensions != dimensions || b->dim[0].min != 0 || b->dim[0].extent != 65 || b->dim[0].stride != 1;
    bad += dimensions == 2 && (b->dim[1].min != 0 || b->dim[1].extent != 3 || b->dim[1].stride != 65);
    bad += b->device != 0 || b->flags != 0;
}

static int mix(int kernel, const void *from, const void *to, struct halide_buffer_t *x, struct halide_buffer_t *w,
               struct halide_buffer_t *y)
{
    bad += calls++ != kernel || (uintptr_t)w->host % 64 != 0;
    bad += w->host[0] != 37 * (kernel + 1) || w->host[64] != (uint8_t)(37 * (kernel + 1) + 11 * 64);
    check(x, from, 1, 8, 2);
    check(w, w->host, 1, 8, 1);
    check(y, to, 1, 8, 2);
    return kernel == failing ? 40 + kernel : 0;
}

int NAME(net_k0_, LEVEL)(struct halide_buffer_t *x, struct halide_buffer_t *w, struct halide_buffer_t *y)
{
    return mix(0, in, scratch, x, w, y);
}
int NAME(net_k1_, LEVEL)(struct halide_buffer_t *x, struct halide_buffer_t *w, struct halide_buffer_t *y)
{
    return mix(1, scratch, scratch + 128 * 3, x, w, y);
}
int NAME(net_k2_, LEVEL)(struct halide_buffer_t *x, struct halide_buffer_t *y)
{
    bad += calls++ != 2;
    check(x, scratch + 128 * 3, 1, 8, 2);
    check(y, out, 2, 32, 2);
    return failing == 2 ? -42 : 0;
}

int main(void)
{
    static const int wanted[] = {40, 41, -42, 0};
    for (failing = 0; failing < 4; failing++) {
        calls = 0;
        bad += net_run(in, out, scratch, 3) != wanted[failing];
        bad += calls != (failing < 3 ? failing + 1 : 3);
    }
    printf("%d bad\n", bad);
    return bad != 0;
}
