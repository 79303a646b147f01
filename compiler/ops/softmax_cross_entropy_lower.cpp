#include "compiler/lower/loss.h"
#include "compiler/lower/op_table.h"

namespace quantide {

using Halide::Expr;
using Halide::Func;
using Halide::RDom;
using Halide::Var;

namespace {

/** The largest score of each row and the sum of exp(score - largest). */
struct Softmax {
    Func largest{"largest"}, sum{"sum"};

    Softmax(GroupLowering &group, const LossOperands &in) {
        const Var n("n");
        const RDom c(0, in.classes, "classes");
        largest(n) = in.scores(0, n);
        largest(n) = Halide::max(largest(n), in.scores(c, n));
        sum(n) = 0.0F;
        sum(n) += Halide::exp(in.scores(c, n) - largest(n));
        group.stage("largest", largest);
        group.stage("sum_of_row", sum);
        group.kernel.family = "loss";
    }
};

}  // namespace

void lower_softmax_cross_entropy(GroupLowering &group, const Node &node) {
    const LossOperands in(group, node);
    const Softmax softmax(group, in);
    const Var c("c");
    const RDom row(0, in.rows, "rows");
    const Expr label = Halide::clamp(Halide::cast<int>(in.labels(row)), 0, in.classes - 1);
    Func sum("sum"), loss("loss");
    sum(c) = 0.0F;
    sum(c) += Halide::log(softmax.sum(row)) - (in.scores(label, row) - softmax.largest(row));
    loss(c) = sum(c) / static_cast<float>(in.rows);
    group.stage("sum", sum);
    group.define(node.outputs[0], loss);
}

void lower_softmax_cross_entropy_gradient(GroupLowering &group, const Node &node) {
    const LossOperands in(group, node);
    const Softmax softmax(group, in);
    const Var c("c"), n("n");
    Func gradient("loss_gradient");
    const Expr p = Halide::exp(in.scores(c, n) - softmax.largest(n)) / softmax.sum(n);
    gradient(c, n) = (p - Halide::select(in.is_label(c, n), 1.0F, 0.0F)) / static_cast<float>(in.rows);
    group.define(node.outputs[0], gradient);
}

}  // namespace quantide
