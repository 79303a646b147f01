#include "compiler/ops/rules.h"

namespace quantide {

// y = float(acc) * scale + offset[m], each step rounded to binary32.
const OpDef dequantize_op = {
    .name = "dequantize",
    .summary = "the float32 numbers that an integer product stands for",
    .infer = [](const Graph &graph, const Node &node) -> std::vector<Value> {
        check_inputs(graph, node, 2);
        const Value &acc = check_features(graph, node, 0);
        user_check(acc.type.kind == ElementType::Kind::Int, "dequantize '{}': expected integers, found {}",
                   node.name, to_string(acc.type));
        check_channel_operand(graph, node, 1, acc, Float(32));
        return {float_value(node, acc.shape)};
    },
    .gradient = nullptr,
};

}  // namespace quantide
