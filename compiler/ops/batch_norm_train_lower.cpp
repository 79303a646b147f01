#include "compiler/lower/norm.h"
#include "compiler/lower/op_table.h"
#include "compiler/lower/window.h"

namespace quantide {

using Halide::Expr;
using Halide::Func;
using Halide::RDom;
using Halide::Tuple;
using Halide::Var;

// Two passes, rows in order: the statistic is of the differences from the mean.
void lower_batch_norm_train(GroupLowering &group, const Node &node) {
    const NormLowering &norm = norm_lowering(node);
    const Shape &shape = group.graph.value(node.inputs[0]).shape;
    const auto rows = static_cast<float>(element_count(shape, 1, node.name) / shape[1]);
    const float eps = static_cast<float>(node.real("eps"));
    const Func x = group.elements(node.inputs[0]);
    const Func weight = group.elements(node.inputs[1]);
    const Func bias = group.elements(node.inputs[2]);
    const Var c = x.args()[0];
    const RDom row = all_rows(shape);
    Func sum("sum"), mean("mean"), spread("spread"), statistic("statistic"), scale("channel_scale"),
        y("normalized");
    sum(c) = 0.0F;
    sum(c) += x(at_row(c, row));
    mean(c) = sum(c) / rows;
    spread(c) = Tuple(norm.begin());
    spread(c) = Tuple(norm.add(values_at(spread, {c}), x(at_row(c, row)) - mean(c)));
    statistic(c) = norm.statistic(values_at(spread, {c}), double{rows}, eps);
    scale(c) = norm.scale(weight(c), statistic(c), eps);
    y(x.args()) = (x(x.args()) - mean(c)) * scale(c) + bias(c);
    group.stage("sum", sum);
    group.stage("spread", spread);
    group.stage("channel_scale", scale);
    group.kernel.family = "batch_norm_train";
    group.define(node.outputs[0], y);
    group.define(node.outputs[1], mean);
    group.define(node.outputs[2], statistic);
}

}  // namespace quantide
