#include "compiler/ops/rules.h"

namespace quantide {

// mean over rows and classes of max(0, 1 - t s)^2, with the target t = +1 for the label and -1 for the others
// (one-vs-all L2-SVM; Courbariaux et al. 2016).
const OpDef squared_hinge_op = {
    .name = "squared_hinge",
    .summary = "mean squared hinge loss, one against all",
    .infer = [](const Graph &graph, const Node &node) -> std::vector<Value> {
        check_inputs(graph, node, 2);
        const Value &scores = check_matrix(graph, node, 0);
        check_float(graph, node, 0, scores.shape);
        const Value &labels = input_value(graph, node, 1);
        user_check(labels.type == UInt(8) && labels.shape == Shape{scores.shape[0]},
                   "squared_hinge '{}': expected labels of type u8[N], found {}{}", node.name, to_string(labels.type),
                   to_string(labels.shape));
        return {float_value(node, {1})};
    },
    .gradient = [](Graph &graph, const Node &node, std::span<const ValueId>) -> std::vector<ValueId> {
        return {graph.add_one("squared_hinge_gradient", node.name + ".gradient", node.inputs), -1};
    },
};

}  // namespace quantide
