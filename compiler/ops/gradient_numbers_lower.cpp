#include "compiler/lower/gradient_operand.h"
#include "compiler/lower/op_table.h"

namespace quantide {

void lower_gradient_numbers(GroupLowering &group, const Node &node) {
    const GradientOperand gradient(group, node);
    const std::vector<Halide::Var> args = gradient.elements.args();
    Halide::Func numbers("gradient_numbers");
    numbers(args) = gradient.rescaled(gradient.elements(args), 1);
    group.define(node.outputs[0], numbers);
}

}  // namespace quantide
