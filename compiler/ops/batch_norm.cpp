#include "compiler/ops/rules.h"

namespace quantide {

// y = (x - running_mean) * (weight / sqrt(running_var + eps)) + bias, each step rounded to binary32: every
// step is monotone in x, which is what lets fold_thresholds replace it. running_var is biased.
const OpDef batch_norm_op = {
    .name = "batch_norm",
    .summary = "batch normalization by running statistics (Ioffe & Szegedy 2015)",
    .infer = [](const Graph &graph, const Node &node) -> std::vector<Value> {
        check_inputs(graph, node, 5);
        const Value &x = check_features(graph, node, 0);
        check_float(graph, node, 0, x.shape);
        for (size_t i = 1; i < 5; ++i) {
            check_float(graph, node, i, {x.shape[1]});
        }
        return {float_value(node, x.shape)};
    },
    .gradient = nullptr,
};

}  // namespace quantide
