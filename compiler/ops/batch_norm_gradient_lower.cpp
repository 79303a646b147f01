#include "compiler/lower/op_table.h"
#include "compiler/lower/window.h"

namespace quantide {

using Halide::Expr;
using Halide::Func;
using Halide::RDom;
using Halide::Tuple;
using Halide::Var;

void lower_batch_norm_gradient(GroupLowering &group, const Node &node) {
    const Shape &shape = group.graph.value(node.inputs[0]).shape;
    const Func dy = group.elements(node.inputs[0]);
    const Func x = group.elements(node.inputs[1]);
    const Func mean = group.elements(node.inputs[2]);
    const Func var = group.elements(node.inputs[3]);
    const Func weight = group.elements(node.inputs[4]);
    const std::vector<Var> vars = dy.args();
    const Var c = vars[0];
    const RDom row = all_rows(shape);
    const std::vector<Expr> at_sum = at_row(c, row), at(vars.begin(), vars.end());
    Func inverse("inverse"), sums("sums"), dx("dx"), dweight("dweight"), dbias("dbias");
    inverse(c) = 1.0F / Halide::sqrt(var(c) + static_cast<float>(node.real("eps")));
    const auto normalized = [&](const std::vector<Expr> &i) -> Expr { return (x(i) - mean(c)) * inverse(c); };
    sums(c) = Tuple(0.0F, 0.0F);
    sums(c) = Tuple(sums(c)[0] + dy(at_sum) * normalized(at_sum), sums(c)[1] + dy(at_sum));
    dweight(c) = sums(c)[0];
    dbias(c) = sums(c)[1];
    const float share = static_cast<float>(shape[1]) / static_cast<float>(element_count(shape, 1, node.name));
    dx(vars) = weight(c) * inverse(c) * (dy(at) - dbias(c) * share - normalized(at) * (dweight(c) * share));
    group.stage("inverse", inverse);
    group.stage("sums", sums);
    group.kernel.family = "batch_norm_gradient";
    group.define(node.outputs[0], dx);
    group.define(node.outputs[1], dweight);
    group.define(node.outputs[2], dbias);
}

}  // namespace quantide
