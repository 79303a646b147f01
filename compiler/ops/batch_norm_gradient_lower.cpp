#include "compiler/lower/op_table.h"

namespace quantide {

using Halide::Expr;
using Halide::Func;
using Halide::RDom;
using Halide::Tuple;
using Halide::Var;

void lower_batch_norm_gradient(GroupLowering &group, const Node &node) {
    const int rows = static_cast<int>(group.graph.value(node.inputs[0]).shape[0]);
    const Func dy = group.elements(node.inputs[0]);
    const Func x = group.elements(node.inputs[1]);
    const Func mean = group.elements(node.inputs[2]);
    const Func var = group.elements(node.inputs[3]);
    const Func weight = group.elements(node.inputs[4]);
    const Var c("c"), n("n");
    const RDom row(0, rows, "row");
    Func inverse("inverse"), sums("sums"), dx("dx"), dweight("dweight"), dbias("dbias");
    inverse(c) = 1.0F / Halide::sqrt(var(c) + static_cast<float>(node.real("eps")));
    const auto normalized = [&](const Expr &at) -> Expr { return (x(c, at) - mean(c)) * inverse(c); };
    sums(c) = Tuple(0.0F, 0.0F);
    sums(c) = Tuple(sums(c)[0] + dy(c, row) * normalized(row), sums(c)[1] + dy(c, row));
    dweight(c) = sums(c)[0];
    dbias(c) = sums(c)[1];
    const float share = 1.0F / static_cast<float>(rows);
    dx(c, n) = weight(c) * inverse(c) * (dy(c, n) - dbias(c) * share - normalized(n) * (dweight(c) * share));
    group.stage("inverse", inverse);
    group.stage("sums", sums);
    group.kernel.family = "batch_norm_gradient";
    group.define(node.outputs[0], dx);
    group.define(node.outputs[1], dweight);
    group.define(node.outputs[2], dbias);
}

}  // namespace quantide
