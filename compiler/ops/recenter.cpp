#include "compiler/ops/rules.h"

namespace quantide {

// y = (acc + t[m]) / 2, rounded down: the sum of q_x q_w, whole, of acc = sum (2 q_x - c) q_w and t = c sum
// q_w.
const OpDef recenter_op = {
    .name = "recenter",
    .summary = "the integer product that a product of centered codes stands for",
    .infer = [](const Graph &graph, const Node &node) -> std::vector<Value> {
        check_inputs(graph, node, 2);
        const Value &acc = check_features(graph, node, 0);
        check_channel_operand(graph, node, 1, acc, acc.type);
        return {{.name = node.name, .shape = acc.shape, .type = acc.type, .encoding = {}}};
    },
    .gradient = nullptr,
};

}  // namespace quantide
