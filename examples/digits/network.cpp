#include "dsl/dsl.h"

using namespace quantide;

// Optdigits: 8x8 pixels of 0..16. 1-bit weights, 1-bit activations.
QUANTIDE_NETWORK(digits) {
    Tensor x = input("image", {64}, UInt(8), {.scale = 0.125F, .offset = -1});
    for (int layer = 0; layer < 2; ++layer) {
        x = dense(x, {.units = 512, .weights = sign()});
        x = quantize(batch_norm(x), sign());
    }
    return batch_norm(dense(x, {.units = 10, .weights = sign()}));
}

QUANTIDE_RECIPE(digits) {
    return {.summary = "binary MLP 64-2x512-10 for the handwritten digits that ship with Quantide",
            .data = "optdigits",
            .loss = squared_hinge(),
            .optimizer = adam(),
            .learning_rate = exponential(3e-3, 3e-5),
            .epochs = 30,
            .batch = 50};
}
