/* Four threads call the library `net` at once, each with its own memory and batches. */
#include "chain.h"
#include "net.h"

#include <pthread.h>
#include <stdio.h>

#define MAX_BATCH 37

static uint8_t in[MAX_BATCH * NET_IN_ELEMENTS];

static void *worker(void *argument)
{
    static float outputs[4][MAX_BATCH * NET_OUT_ELEMENTS];
    const int thread = *(const int *)argument;
    float *out = outputs[thread];
    long bad = 0;
    int round, k;
    for (round = 0; round < 50; round++) {
        const int32_t batch = 1 + (round * 7 + thread) % MAX_BATCH;
        bad += net_run_alloc(in, out, batch) != NET_OK;
        for (k = 0; k < batch * NET_OUT_ELEMENTS; k++) {
            bad += out[k] != chain_reference(in[k], k % NET_IN_ELEMENTS, STEPS);
        }
    }
    return (void *)bad;
}

int main(void)
{
    pthread_t threads[4];
    int numbers[4], k;
    long bad = 0;
    for (k = 0; k < MAX_BATCH * NET_IN_ELEMENTS; k++) {
        in[k] = chain_input(k);
    }
    for (k = 0; k < 4; k++) {
        numbers[k] = k;
        pthread_create(&threads[k], NULL, worker, &numbers[k]);
    }
    for (k = 0; k < 4; k++) {
        void *result;
        pthread_join(threads[k], &result);
        bad += (long)result;
    }
    printf("%ld wrong\n", bad);
    return bad != 0;
}
