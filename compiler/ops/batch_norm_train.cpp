#include "compiler/ops/rules.h"

namespace quantide {

// mean = sum x / N, var = sum (x - mean)^2 / N (biased), y = (x - mean) (weight / sqrt(var + eps)) + bias,
// over the N elements of a channel in the batch (Ioffe & Szegedy 2015).
const OpDef batch_norm_train_op = {
    .name = "batch_norm_train",
    .summary = "batch normalization by the statistics of the batch; also returns them",
    .infer = [](const Graph &graph, const Node &node) -> std::vector<Value> {
        check_inputs(graph, node, 3);
        const Value &x = check_features(graph, node, 0);
        check_float(graph, node, 0, x.shape);
        check_float(graph, node, 1, {x.shape[1]});
        check_float(graph, node, 2, {x.shape[1]});
        return {float_value(node, x.shape), float_value(node, {x.shape[1]}, ".mean"),
                float_value(node, {x.shape[1]}, ".var")};
    },
    .gradient = [](Graph &graph, const Node &node, std::span<const ValueId> dy) -> std::vector<ValueId> {
        return graph.add("batch_norm_gradient", node.name + ".gradient",
                         {dy[0], node.inputs[0], node.outputs[1], node.outputs[2], node.inputs[1]},
                         {{"eps", node.real("eps")}});
    },
};

}  // namespace quantide
