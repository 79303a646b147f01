#include "compiler/lower/op_table.h"

namespace quantide {

void lower_moving_range(GroupLowering &group, const Node &node) {
    const Halide::Func running = group.elements(node.inputs[0]), batch = group.elements(node.inputs[1]);
    const double momentum = node.real("momentum");
    const Halide::Var end = running.args()[0];
    Halide::Func next("moving_range");
    next(end) = Halide::strict_float(Halide::select(
        running(1) > running(0),
        static_cast<float>(1 - momentum) * running(end) + static_cast<float>(momentum) * batch(end),
        batch(end)));
    group.define(node.outputs[0], next);
}

}  // namespace quantide
