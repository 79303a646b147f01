#include "compiler/lower/op_table.h"
#include "compiler/lower/tanh.h"

namespace quantide {

void lower_tanh_normalize_gradient(GroupLowering &group, const Node &node) {
    const Halide::Func dy = group.elements(node.inputs[0]), x = group.elements(node.inputs[1]);
    const Halide::Expr t = lower_tanh(x(x.args()));
    Halide::Func dx("tanh_normalize_gradient");
    dx(x.args()) = dy(x.args()) * ((1.0F - t * t) / largest_tanh(group, node.inputs[2]));
    group.define(node.outputs[0], dx);
}

}  // namespace quantide
