#include "compiler/ops/random.h"
#include "compiler/quantizers/quantizer.h"

namespace quantide {

// The quantizer's drawn_code(x, u) with u = uniform(word i of the node's random_stream) for element i.
const OpDef quantize_train_op = {
    .name = "quantize_train",
    .summary = "real numbers to codes of a stochastic quantizer, drawn anew at every step",
    .infer = [](const Graph &graph, const Node &node) -> std::vector<Value> {
        check_inputs(graph, node, 2);
        const Value &x = input_value(graph, node, 0);
        check_float(graph, node, 0, x.shape);
        check_random_key(graph, node, 1);
        const Quantizer quantizer = find_quantizer(node.text("quantizer"));
        user_check(quantizer.stochastic(), "quantize_train '{}': expected a stochastic quantizer, found {}",
                   node.name, quantizer.text());
        return {{.name = node.name,
                 .shape = x.shape,
                 .type = quantizer.type(),
                 .encoding = quantizer.encoding()}};
    },
    .gradient = [](Graph &graph, const Node &node, std::span<const ValueId> dy) -> std::vector<ValueId> {
        return {graph.add_one("quantize_gradient", node.name + ".gradient", {dy[0], node.inputs[0]},
                              {{"quantizer", node.text("quantizer")}}),
                -1};
    },
};

}  // namespace quantide
