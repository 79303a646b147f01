#include "compiler/ops/rules.h"

namespace quantide {

const OpDef squared_hinge_gradient_op = {
    .name = "squared_hinge_gradient",
    .summary = "the gradient of squared_hinge: -2 t max(0, 1 - t s) / (N C)",
    .infer = [](const Graph &graph, const Node &node) -> std::vector<Value> {
        check_inputs(graph, node, 2);
        const Value &scores = check_matrix(graph, node, 0);
        check_float(graph, node, 0, scores.shape);
        const Value &labels = input_value(graph, node, 1);
        user_check(labels.type == UInt(8) && labels.shape == Shape{scores.shape[0]},
                   "squared_hinge_gradient '{}': expected labels of type u8[N], found {}{}", node.name, to_string(labels.type),
                   to_string(labels.shape));
        return {float_value(node, scores.shape)};
    },
    .gradient = nullptr,
};

}  // namespace quantide
