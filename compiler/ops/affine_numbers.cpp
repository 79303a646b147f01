#include "compiler/ops/affine.h"

namespace quantide {

// min + (max - min) / (2^bits - 1) * code, each step rounded to binary32.
const OpDef affine_numbers_op = {
    .name = "affine_numbers",
    .summary = "the float32 numbers of affine codes",
    .infer = [](const Graph &graph, const Node &node) -> std::vector<Value> {
        check_inputs(graph, node, 2);
        const Value &codes = input_value(graph, node, 0);
        user_check(codes.encoding == affine_encoding(codes.type.bits),
                   "affine_numbers '{}': expected affine codes, found '{}' of type {}", node.name, codes.name,
                   to_string(codes.type));
        check_range(graph, node, 1, codes);
        return {float_value(node, codes.shape)};
    },
    .gradient = [](Graph &, const Node &, std::span<const ValueId> dy) -> std::vector<ValueId> {
        return {dy[0], -1};
    },
};

}  // namespace quantide
