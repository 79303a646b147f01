#include "compiler/ops/rules.h"

namespace quantide {

// The same elements in row-major order of the logical shapes; `shape` leaves out the first extent.
const OpDef reshape_op = {
    .name = "reshape",
    .summary = "the same elements with other extents behind the first",
    .infer = [](const Graph &graph, const Node &node) -> std::vector<Value> {
        check_inputs(graph, node, 1);
        Value y = input_value(graph, node, 0);
        const Shape &shape = check_shape(node);
        user_check(!y.shape.empty() &&
                       element_count(shape, 1, node.name) == element_count(features_of(y), 1, node.name),
                   "reshape '{}': expected as many elements as {}, found [{}]", node.name, to_string(y.shape),
                   fmt::join(shape, ", "));
        y.name = node.name;
        y.layout = Layout::Logical;
        y.shape.resize(1);
        y.shape.insert(y.shape.end(), shape.begin(), shape.end());
        return {y};
    },
    .gradient = [](Graph &graph, const Node &node, std::span<const ValueId> dy) -> std::vector<ValueId> {
        return {graph.add_one("reshape", node.name + ".gradient", {dy[0]},
                              {{"shape", features_of(graph.value(node.inputs[0]))}})};
    },
};

}  // namespace quantide
