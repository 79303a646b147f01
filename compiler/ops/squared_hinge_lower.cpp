#include "compiler/lower/loss.h"
#include "compiler/lower/op_table.h"

namespace quantide {

using Halide::Expr;
using Halide::Func;

namespace {

Expr target(const LossOperands &in, const Expr &c, const Expr &n) {
    return Halide::select(in.is_label(c, n), 1.0F, -1.0F);
}

Expr margin(const LossOperands &in, const Expr &c, const Expr &n) {
    return Halide::max(0.0F, 1.0F - target(in, c, n) * in.scores(c, n));
}

}  // namespace

void lower_squared_hinge(GroupLowering &group, const Node &node) {
    const LossOperands in(group, node);
    const Halide::Var c("c"), n("n");
    const Halide::RDom all(0, in.classes, 0, in.rows, "all");
    Func sum("sum"), loss("loss");
    sum(c) = 0.0F;
    const Expr m = margin(in, all.x, all.y);
    sum(c) += m * m;
    loss(c) = sum(c) / static_cast<float>(in.rows * in.classes);
    group.stage("sum", sum);
    group.kernel.family = "loss";
    group.define(node.outputs[0], loss);
}

void lower_squared_hinge_gradient(GroupLowering &group, const Node &node) {
    const LossOperands in(group, node);
    const Halide::Var c("c"), n("n");
    Func gradient("loss_gradient");
    const float share = -2.0F / static_cast<float>(in.rows * in.classes);
    gradient(c, n) = share * target(in, c, n) * margin(in, c, n);
    group.define(node.outputs[0], gradient);
}

}  // namespace quantide
