#include "compiler/ops/rules.h"

namespace quantide {

// y[m] = multiplier * the sum of the integers of m's weights: what a product of centered codes lacks.
const OpDef weight_sum_op = {
    .name = "weight_sum",
    .summary = "the sum of the integers that each row of codes stands for, times an integer",
    .infer = [](const Graph &graph, const Node &node) -> std::vector<Value> {
        check_inputs(graph, node, 1);
        const Value &w = check_features(graph, node, 0);
        user_check(!w.encoding.plain(), "weight_sum '{}': expected codes, found {}", node.name,
                   to_string(w.type));
        return {{.name = node.name,
                 .shape = {w.shape[0]},
                 .type = Int(static_cast<int>(node.integer("bits"))),
                 .encoding = {}}};
    },
    .gradient = nullptr,
};

}  // namespace quantide
