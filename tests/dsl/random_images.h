#pragma once
#include "dsl/dsl.h"
#include "tests/dsl/random_network.h"

namespace quantide {

/** A network of convolutions, pools and dense layers, drawn by a seed. */
class RandomImages {
public:
    explicit RandomImages(uint32_t seed) : random_(seed) {}

    Graph network() {
        return build("images", [&] {
            Tensor x = input("image", {pick({1, 3, 5}), pick({4, 5, 7}), pick({4, 6, 7})}, UInt(8),
                             {.scale = pick({0.25F, 2 / 255.0F}), .offset = pick({0.0F, -1.0F})});
            const int layers = pick({1, 2, 3});
            for (int layer = 0; layer < layers; ++layer) {
                x = block(x, layer > 0);
            }
            x = flatten(x);
            return batch_norm(dense(x, {.units = 3, .weights = sign()}));
        });
    }

    /** Numbers of all parameters; batch norms of either direction, some of weight 0. */
    Arrays parameters(const Graph &graph) {
        Arrays result;
        for (const Node &node : graph.nodes) {
            if (node.op != "parameter") {
                continue;
            }
            const Value &value = graph.value(node.outputs[0]);
            Array array = random_.floats(value.shape, -1, 1);
            for (float &number : array.floats()) {
                if (is_running_spread(value.name)) {
                    number = number * number * 40;
                } else if (value.name.ends_with("running_mean")) {
                    number *= 5;
                } else if (value.name.ends_with("norm1.weight") && number > 0.8F) {
                    number = 0;
                }
            }
            result[value.name] = array;
        }
        return result;
    }

private:
    template<typename T>
    T pick(std::initializer_list<T> options) {
        return random_.pick(std::vector<T>(options));
    }

    /** Paddings whose number is 0, or one that `codes` have. */
    Padding padding(bool codes) {
        switch (pick({0, 1, 2, 3, 4})) {
            case 0:
                return valid();
            case 1:
                return same();
            case 2:
                return pad(1, codes ? -1 : 0);
            case 3:
                return same(codes ? 1 : 0);
            default:
                return pad(1, 0, 2, 1);
        }
    }

    Tensor block(Tensor x, bool codes) {
        const bool depthwise = pick({0, 0, 1}) != 0;
        const int64_t channels = x.shape()[1];
        const Padding around = x.shape()[2] < 3 || x.shape()[3] < 3 ? same() : padding(codes);
        x = conv2d(x,
                   {.channels = depthwise ? 2 * channels : pick({2, 33}),
                    .kernel = {pick({1, 2, 3}), pick({1, 3})},
                    .stride = pick({1, 1, 2}),
                    .padding = around,
                    .groups = depthwise ? channels : 1,
                    .weights = pick({0, 1}) == 0 ? sign() : pick({ternary(), symmetric(2), symmetric(5)})});
        const int pool = x.shape()[2] < 2 || x.shape()[3] < 2 ? 0 : pick({0, 1, 2, 3, 4});
        if (pool == 1 || pool == 2) {
            x = max_pool(x, {.kernel = 2, .stride = pick({1, 2})});
        }
        x = random_norm(random_, x);
        if (pool == 3) {
            x = max_pool(x, {.kernel = 2, .stride = 2, .padding = pad(pick({0, 1}))});
        }
        x = quantize(
            x, pick({0, 1}) == 0 ? sign() : pick({ternary(), symmetric(2), symmetric(3), symmetric(8)}));
        return pool == 4 ? max_pool(x) : x;
    }

    Random random_;
};

}  // namespace quantide
