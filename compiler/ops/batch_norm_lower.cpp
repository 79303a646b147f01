#include "compiler/lower/norm.h"
#include "compiler/lower/op_table.h"

namespace quantide {

// The scale belongs to the channel: it is a stage of its own, for the schedule to keep out of the loop over
// rows.
void lower_batch_norm(GroupLowering &group, const Node &node) {
    const Halide::Func x = group.elements(node.inputs[0]);
    const Halide::Func weight = group.elements(node.inputs[1]);
    const Halide::Func bias = group.elements(node.inputs[2]);
    const Halide::Func mean = group.elements(node.inputs[3]);
    const Halide::Func statistic = group.elements(node.inputs[4]);
    const Halide::Var c = x.args()[0];
    Halide::Func a("channel_scale"), y("normalized");
    a(c) = norm_lowering(node).scale(weight(c), statistic(c), static_cast<float>(node.real("eps")));
    y(x.args()) = (x(x.args()) - mean(c)) * a(c) + bias(c);
    group.stage("channel_scale", a);
    group.define(node.outputs[0], y);
}

}  // namespace quantide
