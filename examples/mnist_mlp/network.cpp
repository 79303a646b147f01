#include "dsl/dsl.h"

using namespace quantide;

namespace {

/** BinaryNet's MLP for MNIST (Courbariaux et al. 2016): 8-bit input, 1-bit weights and activations; or more
 * bits, and gradients of few, as in Hubara et al. 2016, "Quantized Neural Networks". */
Tensor mnist_mlp(int64_t units, int weight_bits = 1, int activation_bits = 1,
                 const Precision &gradients = float32()) {
    const Precision weights = symmetric(weight_bits), activations = symmetric(activation_bits);
    Tensor x = input("image", {784}, UInt(8), {.scale = 2.0F / 255, .offset = -1});
    for (int layer = 0; layer < 3; ++layer) {
        x = dense(x, {.units = units, .weights = weights, .gradients = gradients});
        x = quantize(batch_norm(x), activations);
    }
    return batch_norm(dense(x, {.units = 10, .weights = weights, .gradients = gradients}));
}

/** "Neural Networks with Few Multiplications" (Lin et al. 2016): weights drawn from -1, 0 and +1, inputs of
 * weight gradients from powers of two, so that no product of training multiplies. Tested with real weights.
 */
Tensor mnist_few_multiplications(int64_t units) {
    const DenseOptions options{.units = units,
                               .weights = in_training(stochastic_ternary()),
                               .weight_gradient_inputs = stochastic_power_of_two()};
    Tensor x = input("image", {784}, Float(32));
    for (int layer = 0; layer < 3; ++layer) {
        x = relu(batch_norm(dense(x, options)));
    }
    DenseOptions scores = options;
    scores.units = 10;
    return batch_norm(dense(x, scores));
}

/** Banner et al. 2018, "Scalable methods for 8-bit training of neural networks": 8-bit weights and
 * activations in ranges that data gives. */
Tensor mnist_mlp_8bit(const Precision &gradients, bool range) {
    const auto norm = [&](const Tensor &x) { return range ? range_batch_norm(x) : batch_norm(x); };
    Tensor x = input("image", {784}, UInt(8), {.scale = 2.0F / 255, .offset = -1});
    for (int layer = 0; layer < 3; ++layer) {
        x = dense(x, {.units = 512, .weights = affine(8), .gradients = gradients});
        x = quantize(relu(norm(x)), affine(8));
    }
    return norm(dense(x, {.units = 10, .weights = affine(8), .gradients = gradients}));
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

/** The same with shift-based batch norm in the hidden layers, as BinaryNet's Torch code has it. */
Tensor mnist_shift_mlp(int64_t units) {
    Tensor x = input("image", {784}, UInt(8), {.scale = 2.0F / 255, .offset = -1});
    for (int layer = 0; layer < 3; ++layer) {
        x = dense(x, {.units = units, .weights = sign()});
        x = quantize(shift_batch_norm(x), sign());
    }
    return batch_norm(dense(x, {.units = 10, .weights = sign()}));
}

/** float32 and ReLU, normalized by the range. */
Tensor mnist_range_mlp(int64_t units) {
    Tensor x = input("image", {784}, UInt(8), {.scale = 2.0F / 255, .offset = -1});
    for (int layer = 0; layer < 3; ++layer) {
        x = relu(range_batch_norm(dense(x, {.units = units})));
    }
    return range_batch_norm(dense(x, {.units = 10}));
}

}  // namespace

QUANTIDE_NETWORK(mnist_mlp_512) { return mnist_mlp(512); }

QUANTIDE_RECIPE(mnist_mlp_512) { return mnist_recipe("binary MLP 784-3x512-10 for MNIST"); }

QUANTIDE_NETWORK(mnist_mlp_4096) { return mnist_mlp(4096); }

QUANTIDE_RECIPE(mnist_mlp_4096) {
    return mnist_recipe("BinaryNet's MLP 784-3x4096-10 for MNIST (Courbariaux et al. 2016)");
}

QUANTIDE_NETWORK(mnist_qnn_w1a2) { return mnist_mlp(512, 1, 2); }

QUANTIDE_RECIPE(mnist_qnn_w1a2) {
    return mnist_recipe("MLP 784-3x512-10 for MNIST, 1-bit weights, 2-bit activations (Hubara et al. 2016)");
}

QUANTIDE_NETWORK(mnist_qnn_w2a2) { return mnist_mlp(512, 2, 2); }

QUANTIDE_RECIPE(mnist_qnn_w2a2) {
    return mnist_recipe("MLP 784-3x512-10 for MNIST, 2-bit weights and activations (Hubara et al. 2016)");
}

QUANTIDE_NETWORK(mnist_qnn_w4a4) { return mnist_mlp(512, 4, 4); }

QUANTIDE_RECIPE(mnist_qnn_w4a4) {
    return mnist_recipe("MLP 784-3x512-10 for MNIST, 4-bit weights and activations (Hubara et al. 2016)");
}

QUANTIDE_NETWORK(mnist_qnn_w1a2_g6) { return mnist_mlp(512, 1, 2, stochastic_uniform(6)); }

QUANTIDE_RECIPE(mnist_qnn_w1a2_g6) {
    return mnist_recipe("mnist_qnn_w1a2 with 6-bit gradients (Hubara et al. 2016)");
}

QUANTIDE_NETWORK(mnist_mlp_512_g8) { return mnist_mlp(512, 1, 1, stochastic_int8()); }

QUANTIDE_RECIPE(mnist_mlp_512_g8) {
    return mnist_recipe("mnist_mlp_512 with 8-bit gradients (Banner et al. 2018)");
}

QUANTIDE_NETWORK(mnist_mlp_4096_g8) { return mnist_mlp(4096, 1, 1, stochastic_int8()); }

QUANTIDE_RECIPE(mnist_mlp_4096_g8) {
    return mnist_recipe("mnist_mlp_4096 with 8-bit gradients (Banner et al. 2018)");
}

QUANTIDE_NETWORK(mnist_few_multiplications) { return mnist_few_multiplications(512); }

QUANTIDE_RECIPE(mnist_few_multiplications) {
    Recipe recipe = mnist_recipe(
        "MLP 784-3x512-10 for MNIST, stochastic ternary weights, quantized back-propagation (Lin et al. "
        "2016)");
    recipe.preprocessing = {.scale = 1.0F / 255};
    recipe.learning_rate = exponential(1e-3, 1e-5);
    return recipe;
}

QUANTIDE_NETWORK(mnist_8bit) { return mnist_mlp_8bit(stochastic_int8(), false); }

QUANTIDE_RECIPE(mnist_8bit) {
    Recipe recipe = mnist_recipe(
        "MLP 784-3x512-10 for MNIST, 8-bit weights, activations and gradients (Banner et al. 2018)");
    recipe.learning_rate = exponential(1e-3, 1e-5);
    return recipe;
}

QUANTIDE_NETWORK(mnist_8bit_range) { return mnist_mlp_8bit(stochastic_int8(), true); }

QUANTIDE_RECIPE(mnist_8bit_range) {
    Recipe recipe = mnist_recipe("mnist_8bit with Range BN (Banner et al. 2018)");
    recipe.learning_rate = exponential(1e-3, 1e-5);
    return recipe;
}

QUANTIDE_NETWORK(mnist_mlp_shift) { return mnist_shift_mlp(512); }

QUANTIDE_RECIPE(mnist_mlp_shift) {
    Recipe recipe = mnist_recipe(
        "binary MLP 784-3x512-10 for MNIST, shift-based batch norm and AdaMax (Courbariaux et al. 2016)");
    recipe.optimizer = shift_adamax();
    recipe.learning_rate = steps(0x1p-6, 0.5, 2);
    return recipe;
}

QUANTIDE_NETWORK(mnist_range_float) { return mnist_range_mlp(512); }

QUANTIDE_RECIPE(mnist_range_float) {
    Recipe recipe = mnist_recipe("float32 MLP 784-3x512-10 for MNIST with Range BN (Banner et al. 2018)");
    recipe.learning_rate = exponential(1e-3, 1e-5);
    return recipe;
}
