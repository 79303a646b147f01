#include "compiler/ops/conv.h"
#include "compiler/ops/rules.h"

#include <cmath>

namespace quantide {

// acc[n, o, i, j] = the sum of the products of the operands' integer views; a tap in the padding counts the
// integer of the code pad_code. `centered` as in integer_dense. The accumulator is int32 where no sum leaves
// it, else int64.
const OpDef integer_conv2d_op = {
    .name = "integer_conv2d",
    .summary = "the exact integer convolution of two encoded operands",
    .infer = [](const Graph &graph, const Node &node) -> std::vector<Value> {
        const ConvOperands operands = check_conv(graph, node);
        user_check(is_integer(operands.x->encoding) && is_integer(operands.w->encoding),
                   "integer_conv2d '{}': expected encoded operands", node.name);
        const Shape &w = operands.w->shape;
        const ElementType type =
            accumulator_type(*operands.x, *operands.w, w[1] * w[2] * w[3], is_centered(node));
        return {{.name = node.name, .shape = operands.shape, .type = type, .encoding = {}}};
    },
    .gradient = nullptr,
};

}  // namespace quantide
