#include "compiler/ops/rules.h"

namespace quantide {

// y = x s[c].
const OpDef scale_op = {
    .name = "scale",
    .summary = "every channel times a number of its own",
    .infer = [](const Graph &graph, const Node &node) -> std::vector<Value> {
        check_inputs(graph, node, 2);
        const Value &x = check_features(graph, node, 0);
        check_float(graph, node, 0, x.shape);
        check_float(graph, node, 1, {x.shape[1]});
        return {float_value(node, x.shape)};
    },
    .gradient = [](Graph &graph, const Node &node, std::span<const ValueId> dy) -> std::vector<ValueId> {
        return {graph.add_one("scale", node.name + ".input_gradient", {dy[0], node.inputs[1]}),
                graph.add_one("channel_dot", node.name + ".gradient", {dy[0], node.inputs[0]})};
    },
};

}  // namespace quantide
