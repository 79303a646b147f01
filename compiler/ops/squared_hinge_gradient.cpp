#include "compiler/ops/rules.h"

namespace quantide {

const OpDef squared_hinge_gradient_op = {
    .name = "squared_hinge_gradient",
    .summary = "the gradient of squared_hinge: -2 t max(0, 1 - t s) / (N C)",
    .infer = [](const Graph &graph, const Node &node) -> std::vector<Value> {
        return {float_value(node, check_loss(graph, node).shape)};
    },
    .gradient = nullptr,
};

}  // namespace quantide
