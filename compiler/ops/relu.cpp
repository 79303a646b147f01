#include "compiler/ops/rules.h"

namespace quantide {

const OpDef relu_op = {
    .name = "relu",
    .summary = "max(x, 0)",
    .infer = infer_elementwise,
    .gradient = [](Graph &graph, const Node &node, std::span<const ValueId> dy) -> std::vector<ValueId> {
        return {graph.add_one("relu_gradient", node.name + ".gradient", {dy[0], node.inputs[0]})};
    },
};

}  // namespace quantide
