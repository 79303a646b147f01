#include "compiler/ops/rules.h"
#include "compiler/quantizers/quantizer.h"

namespace quantide {

// A trained or running array: vector [rows] or matrix [rows, columns] (columns > 0). float32, or the codes
// that a training step keeps of a quantized parameter.
const OpDef parameter_op = {
    .name = "parameter",
    .summary = "an array that training changes and a checkpoint holds",
    .infer = [](const Graph &graph, const Node &node) -> std::vector<Value> {
        check_inputs(graph, node, 0);
        const int64_t rows = node.integer("rows"), columns = node.integer("columns");
        user_check(rows > 0 && columns >= 0, "parameter '{}': expected positive dimensions, found [{}, {}]",
                   node.name, rows, columns);
        Shape shape{rows};
        if (columns != 0) {
            shape.push_back(columns);
        }
        element_count(shape, 1, fmt::format("parameter '{}'", node.name));
        if (!node.has("quantizer")) {
            return {float_value(node, shape)};
        }
        const QuantizerDef &quantizer = find_quantizer(node.text("quantizer"));
        return {{.name = node.name, .shape = shape, .type = quantizer.type, .encoding = quantizer.encoding}};
    },
    .gradient = no_gradient,
};

}  // namespace quantide
