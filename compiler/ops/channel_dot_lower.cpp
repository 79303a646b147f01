#include "compiler/lower/op_table.h"
#include "compiler/lower/window.h"

namespace quantide {

using Halide::Expr;
using Halide::Func;
using Halide::RDom;
using Halide::Var;

void lower_channel_dot(GroupLowering &group, const Node &node) {
    const Func x = group.elements(node.inputs[0]), y = group.elements(node.inputs[1]);
    const RDom r = all_rows(group.graph.value(node.inputs[0]).shape);
    const Var c("c");
    Func sum("product");
    sum(c) = 0.0F;
    sum(c) += x(at_row(c, r)) * y(at_row(c, r));
    group.stage("product", sum);
    group.kernel.family = "window_gradient";
    group.define(node.outputs[0], sum);
}

}  // namespace quantide
