#include "compiler/ops/rules.h"

namespace quantide {

const OpDef softmax_cross_entropy_gradient_op = {
    .name = "softmax_cross_entropy_gradient",
    .summary = "the gradient of softmax_cross_entropy: (softmax(s) - onehot) / N",
    .infer = [](const Graph &graph, const Node &node) -> std::vector<Value> {
        check_inputs(graph, node, 2);
        const Value &scores = check_matrix(graph, node, 0);
        check_float(graph, node, 0, scores.shape);
        const Value &labels = input_value(graph, node, 1);
        user_check(labels.type == UInt(8) && labels.shape == Shape{scores.shape[0]},
                   "softmax_cross_entropy_gradient '{}': expected labels of type u8[N], found {}{}", node.name, to_string(labels.type),
                   to_string(labels.shape));
        return {float_value(node, scores.shape)};
    },
    .gradient = nullptr,
};

}  // namespace quantide
