#include "compiler/lower/op_table.h"
#include "compiler/lower/window.h"

namespace quantide {

using Halide::Expr;
using Halide::Func;
using Halide::Var;

void lower_add_border(GroupLowering &group, const Node &node) {
    const Func acc = group.elements(node.inputs[0]), border = group.elements(node.inputs[1]);
    Func y("inside");
    y(acc.args()) =
        acc(acc.args()) + border(channel_operand(node, group.graph.value(node.inputs[0]), acc.args()));
    group.define(node.outputs[0], y);
}

}  // namespace quantide
