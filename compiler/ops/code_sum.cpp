#include "compiler/ops/rules.h"

namespace quantide {

// y[m] = scale * float(sum_k q_w[m, k]), in binary32: what a dense layer adds to a unit per unit of its
// input's offset.
const OpDef code_sum_op = {
    .name = "code_sum",
    .summary = "the sum of the integers that each row of codes stands for, times a scale",
    .infer = [](const Graph &graph, const Node &node) -> std::vector<Value> {
        check_inputs(graph, node, 1);
        const Value &w = check_matrix(graph, node, 0);
        user_check(!w.encoding.plain(), "code_sum '{}': expected codes, found {}", node.name,
                   to_string(w.type));
        return {float_value(node, {w.shape[0]})};
    },
    .gradient = nullptr,
};

}  // namespace quantide
