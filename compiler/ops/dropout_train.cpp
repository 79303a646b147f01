#include "compiler/ops/random.h"

namespace quantide {

// y = 0 where u < rate, else x / (1 - rate), with u = uniform(word i of the node's random_stream) for element
// i: inverted dropout (Srivastava et al. 2014), whose expectation is x. The gradient is the same map of dy:
// it draws the same numbers anew instead of keeping the mask.
const OpDef dropout_train_op = {
    .name = "dropout_train",
    .summary = "a share of the elements, drawn anew at every step, becomes 0, the others grow to match",
    .infer = [](const Graph &graph, const Node &node) -> std::vector<Value> {
        check_inputs(graph, node, 2);
        check_dropout_rate(node);
        check_random_key(graph, node, 1);
        const Value &x = input_value(graph, node, 0);
        check_float(graph, node, 0, x.shape);
        return {float_value(node, x.shape)};
    },
    .gradient = [](Graph &graph, const Node &node, std::span<const ValueId> dy) -> std::vector<ValueId> {
        return {
            graph.add_one("dropout_train", node.name + ".gradient", {dy[0], node.inputs[1]}, node.attributes),
            -1};
    },
};

}  // namespace quantide
