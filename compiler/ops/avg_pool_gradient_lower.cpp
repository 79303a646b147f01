#include "compiler/lower/op_table.h"
#include "compiler/lower/window.h"

namespace quantide {

using Halide::Expr;
using Halide::Func;
using Halide::RDom;
using Halide::Var;

void lower_avg_pool_gradient(GroupLowering &group, const Node &node) {
    const Shape &out = group.graph.value(node.inputs[0]).shape;
    const Window window = check_pool(group.graph, node);
    const Func dy = group.elements(node.inputs[0]);
    const int height = static_cast<int>(window.kernel[0]), width = static_cast<int>(window.kernel[1]);
    const Var c("c"), x("x"), y("y"), n("n");
    const RDom r({{0, width}, {0, height}}, "tap");
    const OutputOf column = output_of(window, 1, x, r.x, out[3]), row = output_of(window, 0, y, r.y, out[2]);
    Func sum("product"), dx("avg_pool_gradient");
    sum(c, x, y, n) = 0.0F;
    sum(c, x, y, n) += Halide::select(column.exists && row.exists, dy(c, column.index, row.index, n), 0.0F);
    dx(c, x, y, n) = sum(c, x, y, n) / static_cast<float>(height * width);
    group.stage("product", sum);
    group.kernel.family = "window_gradient";
    group.define(node.outputs[0], dx);
}

}  // namespace quantide
