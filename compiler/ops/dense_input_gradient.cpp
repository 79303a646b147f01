#include "compiler/ops/gradient.h"

namespace quantide {

// dx[n, k] = sum_m dy[n, m] w[m, k].
const OpDef dense_input_gradient_op = {
    .name = "dense_input_gradient",
    .summary = "the gradient of dense in its input",
    .infer = [](const Graph &graph, const Node &node) -> std::vector<Value> {
        check_inputs(graph, node, product_inputs(node));
        const Value &dy = check_matrix(graph, node, 0);
        const Value &w = check_matrix(graph, node, 1);
        check_gradient(graph, node, {dy.shape[0], w.shape[0]});
        return {float_value(node, {dy.shape[0], w.shape[1]})};
    },
    .gradient = nullptr,
};

}  // namespace quantide
