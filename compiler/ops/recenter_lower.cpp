#include "compiler/lower/op_table.h"

namespace quantide {

void lower_recenter(GroupLowering &group, const Node &node) {
    const Halide::Func acc = group.elements(node.inputs[0]), sum = group.elements(node.inputs[1]);
    Halide::Func y("recentered");
    y(acc.args()) = (acc(acc.args()) + sum(acc.args()[0])) >> 1;
    group.define(node.outputs[0], y);
}

}  // namespace quantide
