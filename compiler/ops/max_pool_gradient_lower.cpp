#include "compiler/lower/op_table.h"
#include "compiler/lower/window.h"

namespace quantide {

using Halide::Expr;
using Halide::Func;
using Halide::RDom;
using Halide::Var;

// The tap of the first largest element of each window is a stage of its own.
void lower_max_pool_gradient(GroupLowering &group, const Node &node) {
    const Shape &out = group.graph.value(node.inputs[0]).shape, &in = group.graph.value(node.inputs[1]).shape;
    const Window window = check_pool(group.graph, node, 1);
    const Func dy = group.elements(node.inputs[0]), image = group.elements(node.inputs[1]);
    const int width = static_cast<int>(window.kernel[1]), taps = width * static_cast<int>(window.kernel[0]);
    const Var c("c"), x("x"), y("y"), n("n"), k("k");
    Func outside("outside"), largest("largest"), dx("max_pool_gradient");
    outside(k) = Halide::Float(32).min();
    const Func padded = with_padding(image, in, window, outside);
    Expr best = padded(c, input_of(window, 1, x, 0), input_of(window, 0, y, 0), n), first = 0;
    for (int tap = 1; tap < taps; ++tap) {
        const Expr element =
            padded(c, input_of(window, 1, x, tap % width), input_of(window, 0, y, tap / width), n);
        first = Halide::select(element > best, tap, first);
        best = Halide::max(best, element);
    }
    largest(c, x, y, n) = first;
    Expr sum = 0.0F;
    for (int tap = 0; tap < taps; ++tap) {
        const OutputOf column = output_of(window, 1, x, tap % width, out[3]),
                       row = output_of(window, 0, y, tap / width, out[2]);
        const Expr here = column.exists && row.exists && largest(c, column.index, row.index, n) == tap;
        sum = sum + Halide::select(here, dy(c, column.index, row.index, n), 0.0F);
    }
    dx(c, x, y, n) = sum;
    group.stage("largest", largest);
    group.kernel.family = "window_gradient";
    group.define(node.outputs[0], dx);
}

}  // namespace quantide
