// A network of one's own, outside Quantide's tree.
#include <quantide/dsl.h>

using namespace quantide;

QUANTIDE_NETWORK(my_network) {
    Tensor x = input("image", {64}, UInt(8), {.scale = 0.125F, .offset = -1});
    x = quantize(batch_norm(dense(x, {.units = 100, .weights = sign()})), sign());
    return batch_norm(dense(x, {.units = 10, .weights = sign()}));
}

QUANTIDE_RECIPE(my_network) {
    return {.summary = "a small binary MLP for handwritten digits",
            .data = "optdigits",
            .loss = squared_hinge(),
            .optimizer = adam(),
            .learning_rate = exponential(3e-3, 3e-4),
            .epochs = 3,
            .batch = 50};
}
