#include "compiler/ops/affine.h"

namespace quantide {

// With the integers q = m code + a of the codes' encoding: scale = step / m, offset = min - scale a.
const OpDef affine_view_op = {
    .name = "affine_view",
    .summary = "the scale and the offset that make numbers of the integers of affine codes",
    .infer = [](const Graph &graph, const Node &node) -> std::vector<Value> {
        check_inputs(graph, node, 1);
        const Shape &shape = input_value(graph, node, 0).shape;
        check_float(graph, node, 0, shape.size() == 2 ? Shape{2, shape[1]} : Shape{2});
        check_bits(node);
        return {float_value(node, shape)};
    },
    .gradient = nullptr,
};

}  // namespace quantide
