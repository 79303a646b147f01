#include "compiler/ops/rules.h"

namespace quantide {

// y[n, m] = sum_k x[n, k] w[m, k], exact for codes: see integer_dense and dequantize for the float32 that it
// stands for; float32 operands are summed in ascending k.
const OpDef dense_op = {
    .name = "dense",
    .summary = "a fully connected layer without bias: x w^T",
    .infer = [](const Graph &graph, const Node &node) -> std::vector<Value> {
        check_inputs(graph, node, 2);
        const Value &x = check_matrix(graph, node, 0);
        const Value &w = check_matrix(graph, node, 1);
        user_check(x.shape[1] == w.shape[1], "dense '{}': expected weights of {} inputs, found {}", node.name,
                   x.shape[1], w.shape[1]);
        check_weights(node, w);
        return {float_value(node, {x.shape[0], w.shape[0]})};
    },
    .gradient = [](Graph &graph, const Node &node, std::span<const ValueId> dy) -> std::vector<ValueId> {
        Attributes attributes = node.attributes;
        attributes.erase("arithmetic");
        ValueId dx = -1;
        if (graph.producer(node.inputs[0]).op != "input") {
            dx = graph.add_one("dense_input_gradient", node.name + ".input_gradient", {dy[0], node.inputs[1]},
                               attributes);
        }
        return {dx, graph.add_one("dense_weight_gradient", node.name + ".weight_gradient",
                                  {dy[0], node.inputs[0]}, attributes)};
    },
};

}  // namespace quantide
