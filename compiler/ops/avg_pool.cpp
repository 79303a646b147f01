#include "compiler/ops/rules.h"

namespace quantide {

// The sum over the window in ascending (row, column), divided by the window's size; taps in the padding count
// 0.
const OpDef avg_pool_op = {
    .name = "avg_pool",
    .summary = "the mean of each window",
    .infer = [](const Graph &graph, const Node &node) -> std::vector<Value> {
        check_inputs(graph, node, 1);
        const Value &x = check_images(graph, node, 0);
        check_float(graph, node, 0, x.shape);
        Value y = x;
        y.name = node.name;
        y.layout = Layout::Logical;
        y.shape = check_pool(graph, node)
                      .output_shape(x.shape, x.shape[1], fmt::format("{} '{}'", node.op, node.name));
        return {y};
    },
    .gradient = [](Graph &graph, const Node &node, std::span<const ValueId> dy) -> std::vector<ValueId> {
        Attributes attributes = node.attributes;
        const Shape &image = graph.value(node.inputs[0]).shape;
        attributes["image"] = Shape{image[2], image[3]};
        return {graph.add_one("avg_pool_gradient", node.name + ".gradient", {dy[0]}, attributes)};
    },
};

}  // namespace quantide
