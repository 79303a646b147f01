#include "compiler/lower/op_table.h"
#include "compiler/quantizers/quantizer_lower.h"

namespace quantide {

void lower_quantize_gradient(GroupLowering &group, const Node &node) {
    const Halide::Func dy = group.elements(node.inputs[0]);
    const Halide::Func x = group.elements(node.inputs[1]);
    const Quantizer quantizer = find_quantizer(node.text("quantizer"));
    Halide::Func dx("quantize_gradient");
    dx(dy.args()) = dy(dy.args()) * lowering_of(*quantizer.def).surrogate(x(dy.args()), quantizer.bits);
    group.define(node.outputs[0], dx);
}

}  // namespace quantide
