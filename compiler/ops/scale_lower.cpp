#include "compiler/lower/op_table.h"

namespace quantide {

using Halide::Expr;
using Halide::Func;
using Halide::Var;

void lower_scale(GroupLowering &group, const Node &node) {
    const Func x = group.elements(node.inputs[0]), other = group.elements(node.inputs[1]);
    Func y("scale");
    y(x.args()) = x(x.args()) * other(x.args()[0]);
    group.define(node.outputs[0], y);
}

}  // namespace quantide
