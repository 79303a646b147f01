#include "compiler/ops/rules.h"

namespace quantide {

const OpDef softmax_cross_entropy_gradient_op = {
    .name = "softmax_cross_entropy_gradient",
    .summary = "the gradient of softmax_cross_entropy: (softmax(s) - onehot) / N",
    .infer = [](const Graph &graph, const Node &node) -> std::vector<Value> {
        return {float_value(node, check_loss(graph, node).shape)};
    },
    .gradient = nullptr,
};

}  // namespace quantide
