#include "compiler/ops/rules.h"

namespace quantide {

// y = x s[c].
const OpDef scale_op = {
    .name = "scale",
    .summary = "every channel times a number of its own",
    .infer = infer_per_channel,
    .gradient = [](Graph &graph, const Node &node, std::span<const ValueId> dy) -> std::vector<ValueId> {
        return {graph.add_one("scale", node.name + ".input_gradient", {dy[0], node.inputs[1]}),
                graph.add_one("channel_dot", node.name + ".gradient", {dy[0], node.inputs[0]})};
    },
};

}  // namespace quantide
