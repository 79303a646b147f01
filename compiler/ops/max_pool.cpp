#include "compiler/ops/rules.h"

namespace quantide {

// The largest number of each window; taps in the padding are left out. Codes are compared by what they stand
// for: a code grows with its number.
const OpDef max_pool_op = {
    .name = "max_pool",
    .summary = "the largest number of each window",
    .infer = [](const Graph &graph, const Node &node) -> std::vector<Value> {
        check_inputs(graph, node, 1);
        const Value &x = check_images(graph, node, 0);
        Value y = x;
        y.name = node.name;
        y.layout = Layout::Logical;
        y.shape = check_pool(graph, node)
                      .output_shape(x.shape, x.shape[1], fmt::format("{} '{}'", node.op, node.name));
        return {y};
    },
    .gradient = [](Graph &graph, const Node &node, std::span<const ValueId> dy) -> std::vector<ValueId> {
        return {graph.add_one("max_pool_gradient", node.name + ".gradient", {dy[0], node.inputs[0]},
                              node.attributes)};
    },
};

}  // namespace quantide
