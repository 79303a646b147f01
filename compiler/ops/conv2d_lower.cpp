#include "compiler/lower/op_table.h"
#include "compiler/lower/window.h"
#include "compiler/ops/conv.h"

namespace quantide {

using Halide::Expr;
using Halide::Func;
using Halide::RDom;
using Halide::Var;

// Outputs are lanes, so the order of each sum is that of the taps. A tap that is omitted adds 0, which
// changes no sum that starts at 0.
void lower_conv2d(GroupLowering &group, const Node &node) {
    const ConvOperands conv = check_conv(group.graph, node);
    Kernel &kernel = group.kernel;
    kernel.n = conv.w->shape[0];
    kernel.k = conv.w->shape[1] * conv.window.kernel[0] * conv.window.kernel[1];
    kernel.m = group.options.batch.value_or(0);
    kernel.family = "conv2d/f32";
    const Var c("c"), x("x"), y("y"), n("n"), k("k");
    const Func elements = group.elements(node.inputs[0]), w = group.elements(node.inputs[1]);
    Func numbers("numbers"), outside("outside"), accumulate("accumulate");
    numbers(elements.args()) = number_of(*conv.x, elements(elements.args()));
    outside(k) = static_cast<float>(node.real("pad_value"));
    const Func image = with_padding(numbers, conv.x->shape, conv.window, outside);
    stage_padding(group, image, conv.x->shape[1], conv.x->shape, conv.window);
    const int depth = static_cast<int>(conv.w->shape[1]);
    const int outputs = static_cast<int>(conv.w->shape[0] / conv.groups);
    const RDom r({{0, depth},
                  {0, static_cast<int>(conv.window.kernel[1])},
                  {0, static_cast<int>(conv.window.kernel[0])}},
                 "tap");
    const Expr channel = conv.groups == 1 ? Expr(r.x) : c / outputs * depth + r.x;
    accumulate(c, x, y, n) = 0.0F;
    accumulate(c, x, y, n) +=
        image(channel, input_of(conv.window, 1, x, r.y), input_of(conv.window, 0, y, r.z), n) *
        number_of(*conv.w, w(r.x, r.y, r.z, Halide::min(c, static_cast<int>(kernel.n) - 1)));
    group.stage("accumulate", accumulate);
    group.define(node.outputs[0], accumulate);
}

}  // namespace quantide
