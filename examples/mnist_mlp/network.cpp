#include "dsl/dsl.h"

using namespace quantide;

namespace {

/** BinaryNet's MLP for MNIST (Courbariaux et al. 2016): 1-bit weights, 1-bit activations, 8-bit input. */
Tensor mnist_mlp(int64_t units) {
    Tensor x = input("image", {784}, UInt(8), {.scale = 2.0F / 255, .offset = -1});
    for (int layer = 0; layer < 3; ++layer) {
        x = dense(x, {.units = units, .weights = sign()});
        x = quantize(batch_norm(x), sign());
    }
    return batch_norm(dense(x, {.units = 10, .weights = sign()}));
}

Recipe mnist_recipe(const char *summary) {
    return {.summary = summary,
            .data = "mnist",
            .loss = squared_hinge(),
            .optimizer = adam(),
            .learning_rate = exponential(3e-3, 3e-7),
            .epochs = 20,
            .batch = 100};
}

}  // namespace

QUANTIDE_NETWORK(mnist_mlp_512) { return mnist_mlp(512); }

QUANTIDE_RECIPE(mnist_mlp_512) { return mnist_recipe("binary MLP 784-3x512-10 for MNIST"); }

QUANTIDE_NETWORK(mnist_mlp_4096) { return mnist_mlp(4096); }

QUANTIDE_RECIPE(mnist_mlp_4096) {
    return mnist_recipe("BinaryNet's MLP 784-3x4096-10 for MNIST (Courbariaux et al. 2016)");
}
