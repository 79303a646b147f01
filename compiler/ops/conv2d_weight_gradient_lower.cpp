#include "compiler/lower/op_table.h"
#include "compiler/lower/window.h"

namespace quantide {

using Halide::Expr;
using Halide::Func;
using Halide::RDom;
using Halide::Var;

void lower_conv2d_weight_gradient(GroupLowering &group, const Node &node) {
    const Value &out = group.graph.value(node.inputs[0]), &in = group.graph.value(node.inputs[1]);
    const Window window = Window::of(node, node.extents("kernel"));
    const Func dy = group.elements(node.inputs[0]), image = group.elements(node.inputs[1]);
    const int64_t groups = node.integer("groups");
    const int depth = static_cast<int>(in.shape[1] / groups),
              outputs = static_cast<int>(out.shape[1] / groups);
    const Var c("c"), kx("x"), ky("y"), o("n"), k("k");
    Func numbers("numbers"), outside("outside"), dw("product");
    numbers(image.args()) = number_of(in, image(image.args()));
    outside(k) = static_cast<float>(node.real("pad_value"));
    const Func x = with_padding(numbers, in.shape, window, outside);
    const RDom r = all_rows(out.shape);
    dw(c, kx, ky, o) = 0.0F;
    dw(c, kx, ky, o) += dy(o, r.x, r.y, r.z) * x(o / outputs * depth + c, input_of(window, 1, r.x, kx),
                                                 input_of(window, 0, r.y, ky), r.z);
    group.stage("product", dw);
    group.kernel.family = "window_gradient";
    group.define(node.outputs[0], dw);
}

}  // namespace quantide
