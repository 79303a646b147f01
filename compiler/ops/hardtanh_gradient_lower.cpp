#include "compiler/lower/op_table.h"

namespace quantide {

void lower_hardtanh_gradient(GroupLowering &group, const Node &node) {
    const Halide::Func dy = group.elements(node.inputs[0]);
    const Halide::Func x = group.elements(node.inputs[1]);
    Halide::Func dx("hardtanh_gradient");
    dx(dy.args()) = Halide::select(Halide::abs(x(dy.args())) <= 1.0F, dy(dy.args()), 0.0F);
    group.define(node.outputs[0], dx);
}

}  // namespace quantide
