#include "compiler/ops/rules.h"
#include "compiler/quantizers/quantizer.h"

namespace quantide {

const OpDef quantize_op = {
    .name = "quantize",
    .summary = "real numbers to the codes of a quantizer",
    .infer = [](const Graph &graph, const Node &node) -> std::vector<Value> {
        check_inputs(graph, node, 1);
        const Value &x = input_value(graph, node, 0);
        user_check(x.type == Float(32), "quantize '{}': expected a float32 value, found {} of type {}",
                   node.name, x.name, to_string(x.type));
        const Quantizer quantizer = find_quantizer(node.text("quantizer"));
        return {{.name = node.name,
                 .shape = x.shape,
                 .type = quantizer.type(),
                 .encoding = quantizer.encoding()}};
    },
    .gradient = [](Graph &graph, const Node &node, std::span<const ValueId> dy) -> std::vector<ValueId> {
        return {graph.add_one("quantize_gradient", node.name + ".gradient", {dy[0], node.inputs[0]},
                              {{"quantizer", node.text("quantizer")}})};
    },
};

}  // namespace quantide
