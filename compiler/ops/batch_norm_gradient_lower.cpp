#include "compiler/lower/norm.h"
#include "compiler/lower/op_table.h"
#include "compiler/lower/window.h"

namespace quantide {

using Halide::Expr;
using Halide::Func;
using Halide::RDom;
using Halide::Tuple;
using Halide::Var;

namespace {

/** The number of the element at (channel, row) or (channel, x, y, row) among its channel's. */
Expr position_of(const std::vector<Expr> &at, const Shape &shape) {
    const auto extent = [&](size_t i) { return static_cast<int>(shape[i]); };
    return at.size() == 2 ? at[1] : at[1] + extent(3) * (at[2] + extent(2) * at[3]);
}

}  // namespace

void lower_batch_norm_gradient(GroupLowering &group, const Node &node) {
    const NormLowering &norm = norm_lowering(node);
    const Shape &shape = group.graph.value(node.inputs[0]).shape;
    const auto n = static_cast<double>(element_count(shape, 1, node.name) / shape[1]);
    const float eps = static_cast<float>(node.real("eps"));
    const Func dy = group.elements(node.inputs[0]);
    const Func x = group.elements(node.inputs[1]);
    const Func mean = group.elements(node.inputs[2]);
    const Func statistic = group.elements(node.inputs[3]);
    const Func weight = group.elements(node.inputs[4]);
    const std::vector<Var> vars = dy.args();
    const Var c = vars[0];
    const RDom row = all_rows(shape);
    const std::vector<Expr> at_sum = at_row(c, row), at(vars.begin(), vars.end());
    Func inverse("inverse"), scale("channel_scale"), sums("sums"), dx("dx"), dweight("dweight"),
        dbias("dbias");
    inverse(c) = norm.scale(1.0F, statistic(c), eps);
    scale(c) = norm.scale(weight(c), statistic(c), eps);
    const auto difference = [&](const std::vector<Expr> &i) -> Expr { return x(i) - mean(c); };
    const auto normalized = [&](const std::vector<Expr> &i) -> Expr {
        return norm.stand_in(difference(i) * inverse(c));
    };
    // sum dy h, sum dy, and what the slopes need.
    std::vector<Expr> begin{0.0F, 0.0F};
    const std::vector<Expr> begin_slopes = norm.begin_slopes();
    begin.insert(begin.end(), begin_slopes.begin(), begin_slopes.end());
    const auto for_slopes = [](const std::vector<Expr> &all) {
        return std::vector<Expr>(all.begin() + 2, all.end());
    };
    sums(c) = Tuple(begin);
    const std::vector<Expr> so_far = values_at(sums, {c});
    std::vector<Expr> next{so_far[0] + dy(at_sum) * normalized(at_sum), so_far[1] + dy(at_sum)};
    const std::vector<Expr> more =
        norm.add_slopes(for_slopes(so_far), difference(at_sum), position_of(at_sum, shape));
    next.insert(next.end(), more.begin(), more.end());
    sums(c) = Tuple(next);
    dweight(c) = sums(c)[0];
    dbias(c) = sums(c)[1];
    dx(vars) = scale(c) * (dy(at) - dbias(c) * static_cast<float>(1 / n) -
                           dweight(c) * norm.slope(for_slopes(values_at(sums, {c})), difference(at),
                                                   normalized(at), position_of(at, shape), n));
    group.stage("inverse", inverse);
    group.stage("channel_scale", scale);
    group.stage("sums", sums);
    group.kernel.family = "batch_norm_gradient";
    group.define(node.outputs[0], dx);
    group.define(node.outputs[1], dweight);
    group.define(node.outputs[2], dbias);
}

}  // namespace quantide
