#include "compiler/lower/op_table.h"
#include "compiler/lower/window.h"

namespace quantide {

using Halide::Expr;
using Halide::Func;
using Halide::RDom;
using Halide::Var;

void lower_conv2d_input_gradient(GroupLowering &group, const Node &node) {
    const Value &out = group.graph.value(node.inputs[0]), &weights = group.graph.value(node.inputs[1]);
    const Window window = Window::of(node, {weights.shape[2], weights.shape[3]});
    const Func dy = group.elements(node.inputs[0]), w = group.elements(node.inputs[1]);
    const int depth = static_cast<int>(weights.shape[1]);
    const int outputs = static_cast<int>(weights.shape[0] / node.integer("groups"));
    const Var c("c"), x("x"), y("y"), n("n");
    const RDom r(
        {{0, outputs}, {0, static_cast<int>(weights.shape[3])}, {0, static_cast<int>(weights.shape[2])}},
        "tap");
    const OutputOf column = output_of(window, 1, x, r.y, out.shape[3]),
                   row = output_of(window, 0, y, r.z, out.shape[2]);
    const Expr o = c / depth * outputs + r.x;
    const Expr term = dy(o, column.index, row.index, n) * number_of(weights, w(c % depth, r.y, r.z, o));
    Func dx("product");
    dx(c, x, y, n) = 0.0F;
    dx(c, x, y, n) += Halide::select(column.exists && row.exists, term, 0.0F);
    group.stage("product", dx);
    group.kernel.family = "window_gradient";
    group.define(node.outputs[0], dx);
}

}  // namespace quantide
