#include "compiler/ops/rules.h"

namespace quantide {

// y = x + b[c].
const OpDef bias_op = {
    .name = "bias",
    .summary = "every channel plus a number of its own",
    .infer = infer_per_channel,
    .gradient = [](Graph &graph, const Node &node, std::span<const ValueId> dy) -> std::vector<ValueId> {
        return {dy[0], graph.add_one("channel_sum", node.name + ".gradient", {dy[0]})};
    },
};

}  // namespace quantide
