#include "compiler/ops/rules.h"

namespace quantide {

// y = float(acc) * terms[0] + (float(sum) * terms[1] + terms[2]), each step rounded to binary32; without sums
// of x, float(acc) * terms[0] + terms[2]. `sum` has a channel for each group of a convolution.
const OpDef affine_dequantize_op = {
    .name = "affine_dequantize",
    .summary = "the float32 numbers that an integer product of affine codes stands for",
    .infer = [](const Graph &graph, const Node &node) -> std::vector<Value> {
        const size_t count = node.inputs.size();
        user_check(count == 2 || count == 3, "affine_dequantize '{}': expected 2 or 3 inputs, found {}",
                   node.name, count);
        const Value &acc = check_features(graph, node, 0);
        const auto check_integers = [&](const Value &x) {
            user_check(x.type.kind == ElementType::Kind::Int,
                       "affine_dequantize '{}': expected integers, found {}", node.name, to_string(x.type));
        };
        check_integers(acc);
        if (count == 3) {
            const Value &sum = check_features(graph, node, 1);
            check_integers(sum);
            Shape expected = acc.shape;
            expected[1] = sum.shape[1];
            user_check(sum.shape == expected && acc.shape[1] % sum.shape[1] == 0,
                       "affine_dequantize '{}': expected sums {}, found {}", node.name, to_string(expected),
                       to_string(sum.shape));
        }
        const Borders borders = borders_of(node);
        check_float(graph, node, count - 1,
                    node.has("borders") ? Shape{3, acc.shape[1], borders.row_kinds(), borders.column_kinds()}
                                        : Shape{3, acc.shape[1]});
        return {float_value(node, acc.shape)};
    },
    .gradient = nullptr,
};

}  // namespace quantide
