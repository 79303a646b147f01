#include "compiler/ops/rules.h"

namespace quantide {

// mean over rows and classes of max(0, 1 - t s)^2, with the target t = +1 for the label and -1 for the others
// (one-vs-all L2-SVM; Courbariaux et al. 2016).
const OpDef squared_hinge_op = {
    .name = "squared_hinge",
    .summary = "mean squared hinge loss, one against all",
    .infer = [](const Graph &graph, const Node &node) -> std::vector<Value> {
        check_loss(graph, node);
        return {float_value(node, {1})};
    },
    .gradient = [](Graph &graph, const Node &node, std::span<const ValueId>) -> std::vector<ValueId> {
        return {graph.add_one("squared_hinge_gradient", node.name + ".gradient", node.inputs), -1};
    },
};

}  // namespace quantide
