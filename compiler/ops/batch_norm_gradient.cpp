#include "compiler/ops/norm.h"
#include "compiler/ops/rules.h"

namespace quantide {

// See Norm. Of the variance, with h = (x - mean) / sqrt(var + eps): dweight = sum dy h, dbias = sum dy,
// dx = weight / sqrt(var + eps) (dy - dbias / N - h dweight / N).
const OpDef batch_norm_gradient_op = {
    .name = "batch_norm_gradient",
    .summary = "the gradients of batch_norm_train",
    .infer = [](const Graph &graph, const Node &node) -> std::vector<Value> {
        check_inputs(graph, node, 5);
        norm_of(node);
        const Value &dy = check_features(graph, node, 0);
        check_float(graph, node, 0, dy.shape);
        check_float(graph, node, 1, dy.shape);
        for (size_t i = 2; i < 5; ++i) {
            check_float(graph, node, i, {dy.shape[1]});
        }
        return {float_value(node, dy.shape), float_value(node, {dy.shape[1]}, ".weight"),
                float_value(node, {dy.shape[1]}, ".bias")};
    },
    .gradient = nullptr,
};

}  // namespace quantide
