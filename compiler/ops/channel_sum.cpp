#include "compiler/ops/rules.h"

namespace quantide {

const OpDef channel_sum_op = {
    .name = "channel_sum",
    .summary = "the sum of each channel",
    .infer = [](const Graph &graph, const Node &node) -> std::vector<Value> {
        check_inputs(graph, node, 1);
        const Value &x = check_features(graph, node, 0);
        check_float(graph, node, 0, x.shape);
        return {float_value(node, {x.shape[1]})};
    },
    .gradient = nullptr,
};

}  // namespace quantide
