#include "dsl/dsl.h"

using namespace quantide;

namespace {

Tensor mlp(int64_t units) {
    Tensor x = input("image", {64}, UInt(8), {.scale = 0.125F, .offset = -1});
    x = quantize(batch_norm(dense(x, {.units = units, .weights = sign()})), sign());
    x = quantize(batch_norm(dense(x, {.units = units, .weights = sign()})), sign());
    return batch_norm(dense(x, {.units = 10, .weights = sign()}));
}

}  // namespace

QUANTIDE_NETWORK(tiny) { return mlp(65); }

QUANTIDE_RECIPE(tiny) {
    return {.summary = "a small network to test with",
            .data = "optdigits",
            .preprocessing = {},
            .loss = squared_hinge(),
            .optimizer = adam(),
            .learning_rate = exponential(3e-3, 3e-5),
            .epochs = 3,
            .batch = 50};
}

QUANTIDE_NETWORK(tiny_images) {
    Tensor x = input("image", {3, 32, 32}, UInt(8), {.scale = 2.0F / 255, .offset = -1});
    x = conv2d(x, {.channels = 8, .stride = 2, .padding = same(), .weights = sign()});
    x = quantize(batch_norm(max_pool(x)), sign());
    x = conv2d(x, {.channels = 8, .padding = same(), .weights = sign()});
    x = quantize(batch_norm(max_pool(x)), sign());
    return batch_norm(dense(flatten(x), {.units = 10, .weights = sign()}));
}

QUANTIDE_RECIPE(tiny_images) {
    return {.summary = "a small network of images to test with",
            .data = "cifar10",
            .preprocessing = {},
            .augmentation = {.flip = true, .crop = 4, .fill = 128},
            .loss = squared_hinge(),
            .optimizer = adam(),
            .learning_rate = exponential(3e-3, 3e-5),
            .epochs = 2,
            .batch = 10};
}

// BinaryConnect's stochastic variant.
QUANTIDE_NETWORK(tiny_drawn) {
    const Precision drawn = in_training(stochastic_sign());
    Tensor x = input("image", {3, 32, 32}, UInt(8), {.scale = 2.0F / 255, .offset = -1});
    x = conv2d(x, {.channels = 8, .stride = 2, .padding = same(), .weights = drawn});
    x = relu(batch_norm(max_pool(x, {.kernel = 4})));
    return batch_norm(dense(flatten(x), {.units = 10, .weights = drawn}));
}

QUANTIDE_RECIPE(tiny_drawn) {
    return {.summary = "the same, of weights that are drawn in training",
            .data = "cifar10",
            .preprocessing = {},
            .augmentation = {},
            .loss = squared_hinge(),
            .optimizer = adam(),
            .learning_rate = exponential(3e-3, 3e-5),
            .epochs = 2,
            .batch = 10};
}

QUANTIDE_NETWORK(other) { return mlp(33); }

// Has no recipe.
QUANTIDE_NETWORK(untrainable) { return mlp(1); }
