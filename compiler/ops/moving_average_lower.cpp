#include "compiler/lower/op_table.h"

namespace quantide {

void lower_moving_average(GroupLowering &group, const Node &node) {
    const Halide::Func running = group.elements(node.inputs[0]);
    const Halide::Func batch = group.elements(node.inputs[1]);
    const double momentum = node.real("momentum");
    Halide::Func next("moving_average");
    next(running.args()) = static_cast<float>(1 - momentum) * running(running.args()) +
                           static_cast<float>(momentum) * batch(running.args());
    group.define(node.outputs[0], next);
}

}  // namespace quantide
