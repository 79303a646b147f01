#include "compiler/ops/rules.h"

namespace quantide {

// y = acc + t of its channel and kind of position.
const OpDef add_border_op = {
    .name = "add_border",
    .summary = "an integer product plus a number for each channel and kind of position",
    .infer = [](const Graph &graph, const Node &node) -> std::vector<Value> {
        check_inputs(graph, node, 2);
        const Value &acc = check_features(graph, node, 0);
        check_channel_operand(graph, node, 1, acc, acc.type);
        return {{.name = node.name, .shape = acc.shape, .type = acc.type, .encoding = {}}};
    },
    .gradient = nullptr,
};

}  // namespace quantide
