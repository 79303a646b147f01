#include "compiler/ops/affine.h"

namespace quantide {

// With `momentum` the range is a running one: training takes that of the batch, the mean of the ranges of its
// rows, and moves the running range by that share towards it.
const OpDef affine_codes_op = {
    .name = "affine_codes",
    .summary =
        "the nearest of 2^bits evenly spaced numbers of a range, as codes; straight-through (Banner et "
        "al. 2018)",
    .infer = [](const Graph &graph, const Node &node) -> std::vector<Value> {
        check_inputs(graph, node, 2);
        const Value &x = input_value(graph, node, 0);
        check_float(graph, node, 0, x.shape);
        check_range(graph, node, 1, x);
        const int bits = check_bits(node);
        return {{.name = node.name, .shape = x.shape, .type = UInt(bits), .encoding = affine_encoding(bits)}};
    },
    .gradient = [](Graph &, const Node &, std::span<const ValueId> dy) -> std::vector<ValueId> {
        return {dy[0], -1};
    },
};

}  // namespace quantide
