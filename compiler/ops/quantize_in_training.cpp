#include "compiler/ops/rules.h"
#include "compiler/quantizers/quantizer.h"

namespace quantide {

// What a deployed network computes is x; differentiate puts the codes of x in its place.
const OpDef quantize_in_training_op = {
    .name = "quantize_in_training",
    .summary = "a parameter as it is; in training its codes (Courbariaux et al. 2015)",
    .infer = [](const Graph &graph, const Node &node) -> std::vector<Value> {
        check_inputs(graph, node, 1);
        const Value &x = input_value(graph, node, 0);
        user_check(graph.producer(node.inputs[0]).op == "parameter",
                   "quantize_in_training '{}': expected a parameter, found '{}'", node.name, x.name);
        find_quantizer(node.text("quantizer"));
        return infer_elementwise(graph, node);
    },
    .gradient = nullptr,
};

}  // namespace quantide
