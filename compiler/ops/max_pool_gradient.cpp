#include "compiler/ops/rules.h"

namespace quantide {

// dx = the sum of the dy of the windows whose first largest element it is.
const OpDef max_pool_gradient_op = {
    .name = "max_pool_gradient",
    .summary = "dy where x was the largest of its window",
    .infer = [](const Graph &graph, const Node &node) -> std::vector<Value> {
        check_inputs(graph, node, 2);
        const Value &x = check_images(graph, node, 1);
        check_float(graph, node, 1, x.shape);
        check_float(graph, node, 0, check_pool(graph, node, 1).output_shape(x.shape, x.shape[1], node.name));
        return {float_value(node, x.shape)};
    },
    .gradient = nullptr,
};

}  // namespace quantide
