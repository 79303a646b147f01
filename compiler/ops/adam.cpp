#include "compiler/ops/rules.h"

namespace quantide {

// m = beta1 m + (1 - beta1) g, v = beta2 v + (1 - beta2) g^2, u = w - rate m / (sqrt(v) + eps),
// w = clip(w + scale (u - w), -clip, clip) where clip > 0 (Kingma & Ba 2015; scale and clip as in
// BinaryConnect). The caller folds the bias corrections into rate: lr sqrt(1 - beta2^t) / (1 - beta1^t).
const OpDef adam_op = {
    .name = "adam",
    .summary = "one Adam step: new weights and moments",
    .infer = [](const Graph &graph, const Node &node) -> std::vector<Value> {
        check_inputs(graph, node, 5);
        const Value &w = input_value(graph, node, 0);
        for (size_t i = 0; i < 4; ++i) {
            check_float(graph, node, i, w.shape);
        }
        check_float(graph, node, 4, {1});
        return {float_value(node, w.shape), float_value(node, w.shape, ".m"),
                float_value(node, w.shape, ".v")};
    },
    .gradient = nullptr,
};

}  // namespace quantide
