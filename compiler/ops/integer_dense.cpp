#include "compiler/ops/rules.h"

#include <cmath>

namespace quantide {

namespace {

/** Largest magnitude that the integer view of a value can have. */
int64_t magnitude(const Value &value) {
    const IntegerView view = integer_view(value.encoding);
    return std::max(std::abs(view.min()), std::abs(view.max(value.type.bits)));
}

}  // namespace

// acc[n, m] = sum_k q_x[n, k] q_w[m, k] of the operands' integer views. The accumulator is int32 where K
// times the largest product fits, else int64.
const OpDef integer_dense_op = {
    .name = "integer_dense",
    .summary = "the exact integer product of two encoded operands",
    .infer = [](const Graph &graph, const Node &node) -> std::vector<Value> {
        check_inputs(graph, node, 2);
        const Value &x = check_matrix(graph, node, 0);
        const Value &w = check_matrix(graph, node, 1);
        user_check(!x.encoding.plain() && !w.encoding.plain() && x.shape[1] == w.shape[1],
                   "integer_dense '{}': expected encoded operands of equal depth, found {} and {}", node.name,
                   to_string(x.shape), to_string(w.shape));
        const int64_t product = magnitude(x) * magnitude(w);
        // A threshold may lie one above the largest accumulator.
        const bool narrow = x.shape[1] <= (INT32_MAX - 1) / product;
        return {{.name = node.name,
                 .shape = {x.shape[0], w.shape[0]},
                 .type = Int(narrow ? 32 : 64),
                 .encoding = {}}};
    },
    .gradient = nullptr,
};

}  // namespace quantide
