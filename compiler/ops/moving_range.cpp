#include "compiler/ops/rules.h"

namespace quantide {

// While the running range has no width, as before the first batch, it becomes that of the batch.
const OpDef moving_range_op = {
    .name = "moving_range",
    .summary = "the moving average of a range, from the first batch on",
    .infer = [](const Graph &graph, const Node &node) -> std::vector<Value> {
        check_inputs(graph, node, 2);
        check_float(graph, node, 0, {2});
        check_float(graph, node, 1, {2});
        return {float_value(node, {2})};
    },
    .gradient = nullptr,
};

}  // namespace quantide
