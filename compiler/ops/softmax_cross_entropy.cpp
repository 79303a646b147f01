#include "compiler/ops/rules.h"

namespace quantide {

// mean over rows of -log softmax(s)[label].
const OpDef softmax_cross_entropy_op = {
    .name = "softmax_cross_entropy",
    .summary = "mean cross-entropy of the softmax",
    .infer = [](const Graph &graph, const Node &node) -> std::vector<Value> {
        check_loss(graph, node);
        return {float_value(node, {1})};
    },
    .gradient = [](Graph &graph, const Node &node, std::span<const ValueId>) -> std::vector<ValueId> {
        return {graph.add_one("softmax_cross_entropy_gradient", node.name + ".gradient", node.inputs), -1};
    },
};

}  // namespace quantide
