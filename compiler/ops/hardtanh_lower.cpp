#include "compiler/lower/op_table.h"

namespace quantide {

void lower_hardtanh(GroupLowering &group, const Node &node) {
    const Halide::Func x = group.elements(node.inputs[0]);
    Halide::Func y("hardtanh");
    const Halide::Expr value = x(x.args());
    y(x.args()) = Halide::select(value<-1.0F, -1.0F, value> 1.0F, 1.0F, value);
    group.define(node.outputs[0], y);
}

}  // namespace quantide
