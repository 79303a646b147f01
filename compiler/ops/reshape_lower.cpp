#include "compiler/lower/op_table.h"

namespace quantide {

using Halide::Expr;
using Halide::Func;
using Halide::Var;

void lower_reshape(GroupLowering &group, const Node &node) {
    const Shape &from_shape = group.graph.value(node.inputs[0]).shape;
    const Shape &shape = group.graph.value(node.outputs[0]).shape;
    const Func x = group.elements(node.inputs[0]);
    const std::vector<Var> at = coordinates(shape.size());
    // Row-major within a row of the batch: channels, then rows, then columns of an image.
    Expr position = at[0];
    if (shape.size() == 4) {
        position = (at[0] * static_cast<int>(shape[2]) + at[2]) * static_cast<int>(shape[3]) + at[1];
    }
    std::vector<Expr> from{position};
    if (from_shape.size() == 4) {
        const int height = static_cast<int>(from_shape[2]), width = static_cast<int>(from_shape[3]);
        from = {position / (height * width), position % width, position / width % height};
    }
    from.emplace_back(at.back());
    Func y("reshape");
    y(at) = x(from);
    group.define(node.outputs[0], y);
}

}  // namespace quantide
