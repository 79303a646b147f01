#include "compiler/ops/rules.h"

namespace quantide {

const OpDef tanh_normalize_gradient_op = {
    .name = "tanh_normalize_gradient",
    .summary = "the gradient of tanh_normalize: dy (1 - tanh(x)^2) over the largest |tanh|",
    .infer = [](const Graph &graph, const Node &node) -> std::vector<Value> {
        check_inputs(graph, node, 3);
        const Value &x = input_value(graph, node, 1);
        check_float(graph, node, 0, x.shape);
        check_float(graph, node, 1, x.shape);
        check_float(graph, node, 2, {2});
        return {float_value(node, x.shape)};
    },
    .gradient = nullptr,
};

}  // namespace quantide
