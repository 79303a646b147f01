#include "compiler/lower/gradient_operand.h"
#include "compiler/lower/op_table.h"
#include "compiler/lower/random.h"
#include "compiler/quantizers/gradient_format_lower.h"

namespace quantide {

using Halide::Expr;
using Halide::Func;

void lower_gradient_codes(GroupLowering &group, const Node &node) {
    const GradientFormat format = find_gradient_format(node.text("format"));
    const Func x = group.elements(node.inputs[0]), grid = gradient_grid(group, node, 1);
    const Expr u = format.stochastic() ? gradient_uniform(group, node, x.args()) : Expr(0.0F);
    Func codes("gradient_codes");
    codes(x.args()) =
        Halide::cast(halide_type(format.type()),
                     lower_gradient_code(format, x(x.args()), u, {grid()[0], grid()[1], grid()[2]}));
    group.kernel.family = "gradient_codes";
    group.define(node.outputs[0], codes);
}

}  // namespace quantide
