#include "compiler/ops/rules.h"

namespace quantide {

// mean over rows of -log softmax(s)[label].
const OpDef softmax_cross_entropy_op = {
    .name = "softmax_cross_entropy",
    .summary = "mean cross-entropy of the softmax",
    .infer = [](const Graph &graph, const Node &node) -> std::vector<Value> {
        check_inputs(graph, node, 2);
        const Value &scores = check_matrix(graph, node, 0);
        check_float(graph, node, 0, scores.shape);
        const Value &labels = input_value(graph, node, 1);
        user_check(labels.type == UInt(8) && labels.shape == Shape{scores.shape[0]},
                   "softmax_cross_entropy '{}': expected labels of type u8[N], found {}{}", node.name, to_string(labels.type),
                   to_string(labels.shape));
        return {float_value(node, {1})};
    },
    .gradient = [](Graph &graph, const Node &node, std::span<const ValueId>) -> std::vector<ValueId> {
        return {graph.add_one("softmax_cross_entropy_gradient", node.name + ".gradient", node.inputs), -1};
    },
};

}  // namespace quantide
