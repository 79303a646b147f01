#include "compiler/ops/rules.h"

namespace quantide {

// (min, max) over all elements of x, in the total order of IEEE 754, where -0 lies below +0: whatever order a
// kernel takes, and on however many threads, it finds the same bits. One NaN makes both NaN, so that what is
// scaled by them shows it. No gradient flows through a range.
const OpDef range_op = {
    .name = "range",
    .summary = "the smallest and the largest number of a tensor",
    .infer = [](const Graph &graph, const Node &node) -> std::vector<Value> {
        check_inputs(graph, node, 1);
        check_float(graph, node, 0, input_value(graph, node, 0).shape);
        return {float_value(node, {2})};
    },
    .gradient = no_gradient,
};

}  // namespace quantide
