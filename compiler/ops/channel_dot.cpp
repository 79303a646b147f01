#include "compiler/ops/rules.h"

namespace quantide {

const OpDef channel_dot_op = {
    .name = "channel_dot",
    .summary = "the sum of the products of two values in each channel",
    .infer = [](const Graph &graph, const Node &node) -> std::vector<Value> {
        check_inputs(graph, node, 2);
        const Value &x = check_features(graph, node, 0);
        check_float(graph, node, 0, x.shape);
        check_float(graph, node, 1, x.shape);
        return {float_value(node, {x.shape[1]})};
    },
    .gradient = nullptr,
};

}  // namespace quantide
