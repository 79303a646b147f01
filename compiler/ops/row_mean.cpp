#include "compiler/ops/rules.h"

namespace quantide {

const OpDef row_mean_op = {
    .name = "row_mean",
    .summary = "the mean of each row",
    .infer = [](const Graph &graph, const Node &node) -> std::vector<Value> {
        check_inputs(graph, node, 1);
        const Value &x = check_matrix(graph, node, 0);
        check_float(graph, node, 0, x.shape);
        return {float_value(node, {x.shape[0]})};
    },
    .gradient = no_gradient,
};

}  // namespace quantide
