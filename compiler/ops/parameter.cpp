#include "compiler/ops/rules.h"
#include "compiler/quantizers/quantizer.h"

namespace quantide {

// A trained or running array of a fixed shape. float32, or the codes that a training step keeps of a
// quantized parameter.
const OpDef parameter_op = {
    .name = "parameter",
    .summary = "an array that training changes and a checkpoint holds",
    .infer = [](const Graph &graph, const Node &node) -> std::vector<Value> {
        check_inputs(graph, node, 0);
        const Shape &shape = check_shape(node);
        if (!node.has("quantizer")) {
            return {float_value(node, shape)};
        }
        const Quantizer quantizer = find_quantizer(node.text("quantizer"));
        return {
            {.name = node.name, .shape = shape, .type = quantizer.type(), .encoding = quantizer.encoding()}};
    },
    .gradient = no_gradient,
};

}  // namespace quantide
