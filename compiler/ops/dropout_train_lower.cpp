#include "compiler/lower/op_table.h"
#include "compiler/lower/random.h"

namespace quantide {

void lower_dropout_train(GroupLowering &group, const Node &node) {
    const Halide::Func x = group.elements(node.inputs[0]);
    const double rate = node.real("rate");
    Halide::Func y("dropout_train");
    const Halide::Expr dropped = random_uniform(group, node, x.args()) < static_cast<float>(rate);
    y(x.args()) = Halide::select(dropped, 0.0F, x(x.args()) * static_cast<float>(1 / (1 - rate)));
    group.define(node.outputs[0], y);
}

}  // namespace quantide
