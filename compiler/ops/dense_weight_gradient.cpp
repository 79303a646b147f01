#include "compiler/ops/gradient.h"

namespace quantide {

// dw[m, k] = sum_n dy[n, m] x[n, k].
const OpDef dense_weight_gradient_op = {
    .name = "dense_weight_gradient",
    .summary = "the gradient of dense in its weights",
    .infer = [](const Graph &graph, const Node &node) -> std::vector<Value> {
        check_inputs(graph, node, product_inputs(node));
        const Value &dy = check_matrix(graph, node, 0);
        const Value &x = check_matrix(graph, node, 1);
        check_gradient(graph, node, {x.shape[0], dy.shape[1]});
        return {float_value(node, {dy.shape[1], x.shape[1]})};
    },
    .gradient = nullptr,
};

}  // namespace quantide
