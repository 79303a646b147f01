/* The chain of tests/codegen/chain.h in plain C. */
#ifndef CHAIN_REFERENCE_H
#define CHAIN_REFERENCE_H

#include <stdint.h>

static float chain_reference(uint8_t x, int i, int steps) {
    int s;
    for (s = 0; s < steps; s++) {
        uint8_t bits = (uint8_t)(x ^ (uint8_t)(37 * (s + 1) + 11 * i)), count = 0;
        for (; bits != 0; bits = (uint8_t)(bits & (bits - 1))) {
            count++;
        }
        x = (uint8_t)(x + count);
    }
    return (float)x * 0.5f + 0.25f;
}

static uint8_t chain_input(int k) { return (uint8_t)(29 * k + k / 256); }

#endif
