#pragma once
#include "dsl/dsl.h"
#include "tests/ir/numbers.h"

namespace quantide {

/** A network of small images whose values part and meet again: each op reads any value made before. */
inline Graph random_diamonds(Random &random, int64_t ops) {
    return build("net", [&] {
        const Tensor image = input("image", {2, 4, 4}, UInt(8), {.scale = 0.125F, .offset = -1});
        std::vector<Tensor> made{conv2d(image, {.channels = 3, .kernel = 1, .weights = sign()})};
        std::vector<bool> used{false};
        const auto any = [&] {
            const auto i = static_cast<size_t>(random.integer(0, static_cast<int64_t>(made.size()) - 1));
            used[i] = true;
            return made[i];
        };
        for (int64_t op = 0; op < ops; ++op) {
            const auto next = [&]() -> Tensor {
                switch (random.integer(0, 7)) {
                    case 0:
                        return batch_norm(any());
                    case 1:
                        return hardtanh(any());
                    case 2:
                        return scale(any());
                    case 3:
                        return avg_pool(any(), {.kernel = 3, .stride = 1, .padding = pad(1)});
                    case 4:
                        return conv2d(any(), {.channels = 3, .kernel = 1});
                    case 5:
                        return conv2d(quantize(any(), sign()),
                                      {.channels = 3, .kernel = 1, .weights = sign()});
                    default: {
                        const Tensor x = any();
                        return add(x, any());
                    }
                }
            };
            made.push_back(next());
            used.push_back(false);
        }
        Tensor sum = made.back();
        for (size_t i = 0; i + 1 < made.size(); ++i) {
            sum = used[i] ? sum : add(sum, made[i]);
        }
        return dense(flatten(sum), {.units = 2});
    });
}

}  // namespace quantide
