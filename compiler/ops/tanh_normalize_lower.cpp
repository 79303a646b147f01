#include "compiler/lower/op_table.h"
#include "compiler/lower/tanh.h"

namespace quantide {

// Strict: codes are made of these numbers, also where training reorders floats.
void lower_tanh_normalize(GroupLowering &group, const Node &node) {
    const Halide::Func x = group.elements(node.inputs[0]);
    const Halide::Expr quotient = lower_tanh(x(x.args())) / largest_tanh(group, node.inputs[1]);
    Halide::Func y("tanh_normalize");
    y(x.args()) =
        Halide::strict_float(Halide::select(quotient > 1.0F, 1.0F, quotient < -1.0F, -1.0F, quotient));
    group.define(node.outputs[0], y);
}

}  // namespace quantide
