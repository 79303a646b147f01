#include "compiler/ops/rules.h"

namespace quantide {

const OpDef hardtanh_op = {
    .name = "hardtanh",
    .summary = "clamp(x, -1, 1)",
    .infer = infer_elementwise,
    .gradient = [](Graph &graph, const Node &node, std::span<const ValueId> dy) -> std::vector<ValueId> {
        return {graph.add_one("hardtanh_gradient", node.name + ".gradient", {dy[0], node.inputs[0]})};
    },
};

}  // namespace quantide
