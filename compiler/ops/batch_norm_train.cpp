#include "compiler/ops/norm.h"
#include "compiler/ops/rules.h"

#include <algorithm>

namespace quantide {

namespace {

/** A spread needs some elements; a batch that is not known yet is checked when it is. */
void check_elements(const Node &node, const Shape &shape) {
    const Norm &norm = norm_of(node);
    if (std::ranges::find(shape, kBatch) != shape.end()) {
        return;
    }
    const int64_t elements = element_count(shape, 1, node.name) / shape[1];
    user_check(elements >= norm.least_elements,
               "{} '{}': expected at least {} elements of a channel in a batch, found {}", norm.layer,
               node.name, norm.least_elements, elements);
}

}  // namespace

// mean = sum x / N, S the normalization's statistic of x - mean, y = (x - mean) scale(weight, S, eps) + bias,
// over the N elements of a channel in the batch. Where nothing else is said S is the variance, sum (x -
// mean)^2 / N (biased), and the scale weight / sqrt(var + eps) (Ioffe & Szegedy 2015).
const OpDef batch_norm_train_op = {
    .name = "batch_norm_train",
    .summary = "batch normalization by the statistics of the batch; also returns them",
    .infer = [](const Graph &graph, const Node &node) -> std::vector<Value> {
        check_inputs(graph, node, 3);
        const Value &x = check_features(graph, node, 0);
        check_float(graph, node, 0, x.shape);
        check_elements(node, x.shape);
        check_float(graph, node, 1, {x.shape[1]});
        check_float(graph, node, 2, {x.shape[1]});
        return {float_value(node, x.shape), float_value(node, {x.shape[1]}, ".mean"),
                float_value(node, {x.shape[1]}, ".var")};
    },
    .gradient = [](Graph &graph, const Node &node, std::span<const ValueId> dy) -> std::vector<ValueId> {
        return graph.add("batch_norm_gradient", node.name + ".gradient",
                         {dy[0], node.inputs[0], node.outputs[1], node.outputs[2], node.inputs[1]},
                         norm_attributes(node));
    },
};

}  // namespace quantide
