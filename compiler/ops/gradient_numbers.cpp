#include "compiler/ops/gradient.h"

namespace quantide {

const OpDef gradient_numbers_op = {
    .name = "gradient_numbers",
    .summary = "what the codes of a gradient stand for, in float32",
    .infer = [](const Graph &graph, const Node &node) -> std::vector<Value> {
        check_inputs(graph, node, 2);
        const Value &codes = check_features(graph, node, 0);
        check_gradient(graph, node, codes.shape);
        return {float_value(node, codes.shape)};
    },
    .gradient = nullptr,
};

}  // namespace quantide
