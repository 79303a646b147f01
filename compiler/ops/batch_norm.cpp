#include "compiler/ops/norm.h"
#include "compiler/ops/rules.h"

namespace quantide {

// y = (x - running_mean) * scale + bias, each step rounded to binary32: every step is monotone in x, which is
// what lets fold_thresholds replace it. The scale is the normalization's: weight / sqrt(running_var + eps)
// where nothing else is said. running_var is biased.
const OpDef batch_norm_op = {
    .name = "batch_norm",
    .summary = "batch normalization by running statistics (Ioffe & Szegedy 2015), or another row of norms",
    .infer = [](const Graph &graph, const Node &node) -> std::vector<Value> {
        check_inputs(graph, node, 5);
        norm_of(node);
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
