#pragma once
#include "tests/dsl/random_network.h"

namespace quantide {

/** Products of affine codes with each other, with codes of fixed grids and with float32, on vectors and
 * images.
 */
inline Graph random_affine_network(Random &random) {
    const auto bits = [&] { return static_cast<int>(random.integer(1, 8)); };
    const auto weights = [&] {
        return random.pick<Precision>({affine(8), affine_per_channel(8), affine(bits()),
                                       affine_per_channel(bits()), sign(), ternary(), float32()});
    };
    const auto codes = [&](Tensor x) {
        x = random.coin() ? relu(x) : x;
        return random.integer(0, 5) == 0
                   ? x
                   : quantize(
                         x, random.pick<Precision>({affine(8), affine(bits()), sign(), unsigned_uniform(4)}));
    };
    return build("net", [&] {
        const bool images = random.coin(), bytes = random.coin();
        const Shape shape = images ? Shape{4, 5, 4} : Shape{random.pick<int64_t>({2, 31, 33, 64})};
        Tensor x = bytes ? input("image", shape, UInt(8), {.scale = 0.125F, .offset = -1})
                         : codes(input("image", shape, Float(32)));
        for (int64_t layer = images ? random.integer(1, 2) : 0; layer > 0; --layer) {
            x = conv2d(x, {.channels = random.pick<int64_t>({4, 32, 34}),
                           .kernel = {random.integer(1, 3), 2},
                           .stride = random.integer(1, 2),
                           .padding = random.pick<Padding>({valid(), pad(1), pad(1, 0, 0, 2)}),
                           .groups = random.pick<int64_t>({1, 1, 2}),
                           .weights = weights()});
            x = codes(batch_norm(x, {.eps = 0.1}));
        }
        x = images ? flatten(x) : x;
        for (int64_t layer = random.integer(1, 2); layer > 0; --layer) {
            x = dense(x, {.units = random.pick<int64_t>({2, 31, 33}), .weights = weights()});
            x = layer > 1 ? codes(batch_norm(x, {.eps = 0.1})) : x;
        }
        return x;
    });
}

/** Random parameters with running ranges that are ranges. */
inline Arrays random_affine_parameters(const Graph &network, Random &random) {
    Arrays parameters = random_parameters(network, random);
    for (auto &[name, array] : parameters) {
        if (name.ends_with(".range")) {
            array.floats()[0] = random.real(-2, 0.5F);
            array.floats()[1] = random.real(1, 3);
        }
    }
    return parameters;
}

}  // namespace quantide
