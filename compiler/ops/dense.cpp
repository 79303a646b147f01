#include "compiler/ops/affine.h"

namespace quantide {

// y[n, m] = sum_k x[n, k] w[m, k], exact for codes: see integer_dense and dequantize, or affine_dequantize,
// for the float32 that it stands for; float32 operands are summed in ascending k.
const OpDef dense_op = {
    .name = "dense",
    .summary = "a fully connected layer without bias: x w^T",
    .infer = [](const Graph &graph, const Node &node) -> std::vector<Value> {
        const Value &x = check_matrix(graph, node, 0);
        const Value &w = check_matrix(graph, node, 1);
        user_check(x.shape[1] == w.shape[1], "dense '{}': expected weights of {} inputs, found {}", node.name,
                   x.shape[1], w.shape[1]);
        check_product(graph, node);
        return {float_value(node, {x.shape[0], w.shape[0]})};
    },
    .gradient = [](Graph &graph, const Node &node, std::span<const ValueId> dy) -> std::vector<ValueId> {
        Attributes attributes = node.attributes;
        attributes.erase("arithmetic");
        attributes.erase("ranges");
        ValueId dx = -1;
        if (graph.producer(node.inputs[0]).op != "input") {
            const ValueId w = numbers_of_operand(graph, node, 1);
            dx = graph.add_one("dense_input_gradient", node.name + ".input_gradient", {dy[0], w}, attributes);
        }
        const ValueId x = numbers_of_operand(graph, node, 0);
        return product_gradients(
            node, dx,
            graph.add_one("dense_weight_gradient", node.name + ".weight_gradient", {dy[0], x}, attributes));
    },
};

}  // namespace quantide
