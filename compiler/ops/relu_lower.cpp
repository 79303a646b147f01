#include "compiler/lower/op_table.h"

namespace quantide {

using Halide::Expr;
using Halide::Func;
using Halide::Var;

void lower_relu(GroupLowering &group, const Node &node) {
    const Func x = group.elements(node.inputs[0]);
    Func y("relu");
    const Expr number = x(x.args());
    y(x.args()) = Halide::select(number > 0.0F, number, 0.0F);
    group.define(node.outputs[0], y);
}

}  // namespace quantide
