#include "compiler/lower/op_table.h"

#include <cmath>

namespace quantide {

// Halide turns |x| <= 1 into !(1 < |x|), which is true for NaN.
void lower_hardtanh_gradient(GroupLowering &group, const Node &node) {
    const Halide::Func dy = group.elements(node.inputs[0]);
    const Halide::Func x = group.elements(node.inputs[1]);
    Halide::Func dx("hardtanh_gradient");
    const Halide::Expr inside = Halide::abs(x(dy.args())) < std::nextafter(1.0F, 2.0F);
    dx(dy.args()) = Halide::select(inside, dy(dy.args()), 0.0F);
    group.define(node.outputs[0], dx);
}

}  // namespace quantide
