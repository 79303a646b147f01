#pragma once
#include "compiler/ops/norm.h"
#include "dsl/dsl.h"
#include "tests/ir/numbers.h"

#include <cfloat>

namespace quantide {

struct RandomNetworkOptions {
    std::vector<int64_t> sizes = {1, 2, 3, 5, 31, 32, 33, 63, 64, 65};
    int64_t most_layers = 4;
    bool float_input = true;   ///< Float(32) inputs as well
    bool float_layers = true;  ///< float32 weights as well
    bool draws = false;        ///< dropout, stochastic signs and weights quantized in training alone as well
    bool widths = true;        ///< codes of more than one bit as well
    bool norms = true;         ///< batch norm by other statistics than the variance as well
};

/** Signs as often as all else together. */
inline Precision random_weights(Random &random) {
    return random.coin() ? sign()
                         : random.pick<Precision>({ternary(), symmetric(2), symmetric(4), symmetric(7),
                                                   thermometer(3), power_of_two(4)});
}
inline Precision random_activations(Random &random) {
    return random.coin()
               ? sign()
               : random.pick<Precision>({ternary(), symmetric(2), symmetric(3), symmetric(8),
                                         unsigned_uniform(1), unsigned_uniform(2), unsigned_uniform(5),
                                         unsigned_uniform(8), twos_complement(3), twos_complement(8),
                                         thermometer(5), thermometer(8), power_of_two(3), power_of_two(8)});
}

/** Batch norm by the variance as often as by all else together. */
inline Tensor random_norm(Random &random, const Tensor &x, double eps = 1e-4) {
    switch (random.integer(0, 5)) {
        case 0:
            return shift_batch_norm(x, {.eps = eps});
        case 1:
            return range_batch_norm(x, {.eps = eps});
        case 2:
            return l1_batch_norm(x, {.eps = eps});
        default:
            return batch_norm(x, {.eps = eps});
    }
}

/** A network of a few dense layers, with batch norm, hard tanh and sign between them or not. */
inline Graph random_network(Random &random, const RandomNetworkOptions &options = {}) {
    return build("net", [&] {
        const int64_t features = random.pick(options.sizes);
        const bool codes = !options.float_input || random.coin();
        Tensor x = !codes ? input("image", {features}, Float(32))
                          : input("image", {features}, UInt(8),
                                  random.pick<InputOptions>({{},
                                                             {.scale = 0.125F, .offset = -1},
                                                             {.scale = 2.0F / 255, .offset = -1},
                                                             {.scale = 3, .offset = 0.3F}}));
        const int64_t layers = random.integer(1, options.most_layers);
        for (int64_t layer = 1; layer <= layers; ++layer) {
            const bool binary = !options.float_layers || random.integer(0, 3) != 0;
            const auto drawn = [&] {
                return random.pick<Precision>(
                    {stochastic_sign(), stochastic_ternary(), stochastic_power_of_two()});
            };
            const auto codes_or_drawn = [&](Precision (*some)(Random &)) {
                return options.draws && random.coin() ? drawn() : options.widths ? some(random) : sign();
            };
            const auto binary_weights = [&] {
                const Precision signs = codes_or_drawn(random_weights);
                return options.draws && random.integer(0, 3) == 0 ? in_training(signs) : signs;
            };
            const bool real = x.graph().value(x.id()).type == Float(32);
            x = dense(x,
                      {.units = random.pick(options.sizes),
                       .weights = binary ? binary_weights() : float32(),
                       .weight_gradient_inputs =
                           options.draws && real && random.coin() ? stochastic_power_of_two() : float32()});
            if (random.integer(0, 3) != 0) {
                const double eps = random.pick<double>({1e-4, 1e-5, 1e-12, 0.1});
                x = options.norms ? random_norm(random, x, eps) : batch_norm(x, {.eps = eps});
            }
            if (random.integer(0, 5) == 0) {
                x = hardtanh(x);
            }
            if (options.draws && random.coin()) {
                x = dropout(x, {.rate = random.pick<double>({0, 0.25, 0.5, 0.9})});
            }
            if (layer < layers && random.integer(0, 3) != 0) {
                x = quantize(x, codes_or_drawn(random_activations));
            }
        }
        return x;
    });
}

/** Whether a parameter averages a statistic that is not below 0. */
inline bool is_running_spread(const std::string &parameter) {
    return std::ranges::any_of(
        all_norms(), [&](const Norm &norm) { return parameter.ends_with(std::string(".") + norm.running); });
}

/** Numbers such as training gives; or, adversarial, the extremes that a checkpoint may hold. */
inline Arrays random_parameters(const Graph &network, Random &random, bool adversarial = false) {
    const std::vector<float> extreme{0.0F,   -0.0F, 1,      -1,    1e-45F, -1e-45F, FLT_MIN,
                                     1e-20F, 1e20F, -1e20F, 1e38F, -1e38F, FLT_MAX, -FLT_MAX};
    Arrays result;
    for (const Node &node : network.nodes) {
        if (node.op != "parameter" || node.has("quantizer")) {
            continue;
        }
        const Value &value = network.value(node.outputs[0]);
        const bool variance = is_running_spread(value.name);
        Array array =
            value.shape.size() == 2 ? random.floats(value.shape, -1, 1) : random.floats(value.shape, -3, 3);
        for (float &x : array.floats()) {
            if (value.shape.size() == 1 && adversarial && random.integer(0, 2) == 0) {
                x = random.pick(extreme);
            }
            x = variance ? std::fabs(x) : x;
        }
        result[value.name] = std::move(array);
    }
    return result;
}

/** A batch for the network's input and, where the graph reads them, its labels. */
inline Arrays random_batch(const Graph &graph, Random &random, int64_t rows, int64_t classes) {
    Arrays result;
    for (const Node &node : graph.nodes) {
        const Value &value = graph.value(node.outputs[0]);
        if (node.op == "input") {
            Shape shape = value.shape;
            shape[0] = rows;
            result[value.name] = value.type == UInt(8) ? random.codes(UInt(8), shape) : random.floats(shape);
        } else if (node.op == "labels") {
            result[value.name] = random.codes(UInt(8), {rows}, classes);
        }
    }
    return result;
}

inline Arrays join(Arrays a, const Arrays &b) {
    a.insert(b.begin(), b.end());
    return a;
}

}  // namespace quantide
