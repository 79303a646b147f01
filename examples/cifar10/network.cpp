#include "dsl/dsl.h"

using namespace quantide;

namespace {

/** How a family of ConvNets computes: its weights, what follows each batch norm (float32(): ReLU), and its
 * gradients. */
struct Arithmetic {
    Precision weights, activations = float32(), gradients = float32();

    Tensor activate(const Tensor &x) const {
        return activations == float32() ? relu(x) : quantize(x, activations);
    }
};

const Arithmetic kBinary{sign(), sign()};  // BinaryNet
const Arithmetic kBinaryWithBytes{sign(), sign(), stochastic_int8()};
const Arithmetic kBinaryConnect{sign()};  // deterministic
const Arithmetic kStochasticBinaryConnect{in_training(stochastic_sign())};
const Arithmetic kFloat{float32()};

/** Hubara et al. 2016, "Quantized Neural Networks", with 6-bit gradients. */
Arithmetic qnn(int weight_bits, int activation_bits) {
    return {symmetric(weight_bits), symmetric(activation_bits), stochastic_uniform(6)};
}

/** BinaryNet's ConvNet, of any width: pairs of 3x3 convolutions with zeros around, the second of each with a
 * 2x2 max-pool in front of its batch norm, then dense layers; batch norm behind every product. */
Tensor convnet(Tensor x, const Arithmetic &arithmetic, const Shape &channels, int dense_layers,
               int64_t units) {
    for (const int64_t n : channels) {
        for (const bool pool : {false, true}) {
            x = conv2d(x, {.channels = n,
                           .padding = same(),
                           .weights = arithmetic.weights,
                           .gradients = arithmetic.gradients});
            x = arithmetic.activate(batch_norm(pool ? max_pool(x) : x));
        }
    }
    x = flatten(x);
    for (int layer = 0; layer < dense_layers; ++layer) {
        x = dense(x, {.units = units, .weights = arithmetic.weights, .gradients = arithmetic.gradients});
        x = arithmetic.activate(batch_norm(x));
    }
    return batch_norm(
        dense(x, {.units = 10, .weights = arithmetic.weights, .gradients = arithmetic.gradients}));
}

/** Pixels of 0 to 255, which stand for -1 to 1. */
Tensor pixels() { return input("image", {3, 32, 32}, UInt(8), {.scale = 2.0F / 255, .offset = -1}); }

/** (2x32C3)-MP2-(2x64C3)-MP2-(2x128C3)-MP2-256FC-10: small enough to train on a CPU. */
Tensor small_convnet(const Arithmetic &arithmetic) {
    return convnet(pixels(), arithmetic, {32, 64, 128}, 1, 256);
}

/** BinaryNet's, on whitened images. */
Tensor binaryconnect_convnet(const Arithmetic &arithmetic) {
    return convnet(input("image", {3, 32, 32}, Float(32)), arithmetic, {128, 256, 512}, 2, 1024);
}

Recipe convnet_recipe(const char *summary) {
    return {.summary = summary,
            .data = "cifar10",
            .loss = squared_hinge(),
            .optimizer = adam(),
            .learning_rate = exponential(1e-3, 3e-7),
            .epochs = 500,
            .batch = 50};
}

Recipe binaryconnect_recipe(const char *summary) {
    return {.summary = summary,
            .data = "cifar10",
            .preprocessing = {.whitening = Whitening{}},
            .loss = squared_hinge(),
            .optimizer = adam(),
            .learning_rate = exponential(3e-3, 2e-6),
            .epochs = 500,
            .batch = 50};
}

Recipe small_recipe(const char *summary, double rate) {
    return {.summary = summary,
            .data = "cifar10_full",
            .augmentation = {.flip = true},
            .loss = squared_hinge(),
            .optimizer = adam(),
            .learning_rate = exponential(rate, rate / 100),
            .epochs = 6,
            .batch = 50};
}

}  // namespace

// BinaryNet's ConvNet for CIFAR-10: (2x128C3)-MP2-(2x256C3)-MP2-(2x512C3)-MP2-(2x1024FC)-10 (Courbariaux et
// al. 2016).
QUANTIDE_NETWORK(cifar_convnet) { return convnet(pixels(), kBinary, {128, 256, 512}, 2, 1024); }

QUANTIDE_RECIPE(cifar_convnet) {
    return convnet_recipe("BinaryNet's ConvNet for CIFAR-10, its paper's recipe (Courbariaux et al. 2016)");
}

QUANTIDE_NETWORK(cifar_convnet_g8) { return convnet(pixels(), kBinaryWithBytes, {128, 256, 512}, 2, 1024); }

QUANTIDE_RECIPE(cifar_convnet_g8) {
    return convnet_recipe("cifar_convnet with 8-bit gradients (Banner et al. 2018)");
}

// The same with 1-bit weights alone, on whitened images (Courbariaux et al. 2015).
QUANTIDE_NETWORK(cifar_binaryconnect) { return binaryconnect_convnet(kBinaryConnect); }

QUANTIDE_RECIPE(cifar_binaryconnect) {
    return binaryconnect_recipe(
        "BinaryConnect's ConvNet for CIFAR-10, deterministic, its paper's recipe (Courbariaux et al. 2015)");
}

// Its weights are drawn in training, and real when it is tested.
QUANTIDE_NETWORK(cifar_binaryconnect_stochastic) { return binaryconnect_convnet(kStochasticBinaryConnect); }

QUANTIDE_RECIPE(cifar_binaryconnect_stochastic) {
    return binaryconnect_recipe("the same with stochastic weights in training, real ones when tested");
}

QUANTIDE_NETWORK(cifar_small) { return small_convnet(kBinary); }

QUANTIDE_RECIPE(cifar_small) {
    return small_recipe("small ConvNet for CIFAR-10, 1-bit weights and activations", 3e-3);
}

QUANTIDE_NETWORK(cifar_small_binaryconnect) { return small_convnet(kBinaryConnect); }

QUANTIDE_RECIPE(cifar_small_binaryconnect) {
    return small_recipe("the same with 1-bit weights and ReLU (BinaryConnect, deterministic)", 1e-3);
}

QUANTIDE_NETWORK(cifar_small_binaryconnect_stochastic) { return small_convnet(kStochasticBinaryConnect); }

QUANTIDE_RECIPE(cifar_small_binaryconnect_stochastic) {
    return small_recipe("the same with 1-bit weights drawn in training, real when tested, and ReLU", 1e-3);
}

QUANTIDE_NETWORK(cifar_small_float) { return small_convnet(kFloat); }

QUANTIDE_RECIPE(cifar_small_float) { return small_recipe("the same in float32 with ReLU", 1e-3); }

QUANTIDE_NETWORK(cifar_small_qnn_w1a2_g6) { return small_convnet(qnn(1, 2)); }

QUANTIDE_RECIPE(cifar_small_qnn_w1a2_g6) {
    return small_recipe(
        "the same with 1-bit weights, 2-bit activations, 6-bit gradients (Hubara et al. 2016)", 3e-3);
}

QUANTIDE_NETWORK(cifar_small_qnn_w2a2_g6) { return small_convnet(qnn(2, 2)); }

QUANTIDE_RECIPE(cifar_small_qnn_w2a2_g6) {
    return small_recipe(
        "the same with 2-bit weights, 2-bit activations, 6-bit gradients (Hubara et al. 2016)", 3e-3);
}

QUANTIDE_NETWORK(cifar_small_qnn_w4a4_g6) { return small_convnet(qnn(4, 4)); }

QUANTIDE_RECIPE(cifar_small_qnn_w4a4_g6) {
    return small_recipe(
        "the same with 4-bit weights, 4-bit activations, 6-bit gradients (Hubara et al. 2016)", 3e-3);
}
