#include "compiler/lower/op_table.h"
#include "compiler/lower/window.h"

namespace quantide {

using Halide::Expr;
using Halide::Func;
using Halide::RDom;
using Halide::Var;

// Two passes, rows in order: the variance of the differences from the mean.
void lower_batch_norm_train(GroupLowering &group, const Node &node) {
    const Shape &shape = group.graph.value(node.inputs[0]).shape;
    const auto rows = static_cast<float>(element_count(shape, 1, node.name) / shape[1]);
    const Func x = group.elements(node.inputs[0]);
    const Func weight = group.elements(node.inputs[1]);
    const Func bias = group.elements(node.inputs[2]);
    const Var c = x.args()[0];
    const RDom row = all_rows(shape);
    Func sum("sum"), mean("mean"), squares("squares"), var("var"), scale("channel_scale"), y("normalized");
    sum(c) = 0.0F;
    sum(c) += x(at_row(c, row));
    mean(c) = sum(c) / rows;
    const Expr difference = x(at_row(c, row)) - mean(c);
    squares(c) = 0.0F;
    squares(c) += difference * difference;
    var(c) = squares(c) / rows;
    scale(c) = weight(c) / Halide::sqrt(var(c) + static_cast<float>(node.real("eps")));
    y(x.args()) = (x(x.args()) - mean(c)) * scale(c) + bias(c);
    group.stage("sum", sum);
    group.stage("squares", squares);
    group.stage("channel_scale", scale);
    group.kernel.family = "batch_norm_train";
    group.define(node.outputs[0], y);
    group.define(node.outputs[1], mean);
    group.define(node.outputs[2], var);
}

}  // namespace quantide
