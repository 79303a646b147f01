#include "compiler/lower/op_table.h"

namespace quantide {

using Halide::Expr;
using Halide::Func;
using Halide::Var;

void lower_relu_gradient(GroupLowering &group, const Node &node) {
    const Func dy = group.elements(node.inputs[0]), x = group.elements(node.inputs[1]);
    Func dx("relu_gradient");
    dx(dy.args()) = Halide::select(x(dy.args()) > 0.0F, dy(dy.args()), 0.0F);
    group.define(node.outputs[0], dx);
}

}  // namespace quantide
