#include "compiler/ops/rules.h"

namespace quantide {

// acc[n, m] = sum_k q_x[n, k] q_w[m, k] of the operands' integer views, over all features k; with `centered`
// of 2 q_x - (min + max) instead of q_x.
const OpDef integer_dense_op = {
    .name = "integer_dense",
    .summary = "the exact integer product of two encoded operands",
    .infer = [](const Graph &graph, const Node &node) -> std::vector<Value> {
        check_inputs(graph, node, 2);
        const Value &x = check_features(graph, node, 0);
        const Value &w = check_features(graph, node, 1);
        user_check(is_integer(x.encoding) && is_integer(w.encoding) && features_of(x) == features_of(w),
                   "integer_dense '{}': expected encoded operands of equal depth, found {} and {}", node.name,
                   to_string(x.shape), to_string(w.shape));
        return {
            {.name = node.name,
             .shape = {x.shape[0], w.shape[0]},
             .type = accumulator_type(x, w, element_count(features_of(w), 1, node.name), is_centered(node)),
             .encoding = {}}};
    },
    .gradient = nullptr,
};

}  // namespace quantide
