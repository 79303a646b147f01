#include "compiler/ops/rules.h"

namespace quantide {

// m = momentum m + g, u = w - rate m, w = clip(w + scale (u - w), -clip, clip) where clip > 0.
const OpDef sgd_op = {
    .name = "sgd",
    .summary = "one step of gradient descent with momentum: new weights and momentum",
    .infer = [](const Graph &graph, const Node &node) -> std::vector<Value> {
        check_inputs(graph, node, 4);
        const Value &w = input_value(graph, node, 0);
        for (size_t i = 0; i < 3; ++i) {
            check_float(graph, node, i, w.shape);
        }
        check_float(graph, node, 3, {1});
        return {float_value(node, w.shape), float_value(node, w.shape, ".m")};
    },
    .gradient = nullptr,
};

}  // namespace quantide
