#include "compiler/lower/op_table.h"

namespace quantide {

void lower_quantize(GroupLowering &group, const Node &node) {
    const Halide::Func x = group.elements(node.inputs[0]);
    Halide::Func code("code");
    code(x.args()) = quantizer_code(node.text("quantizer"), x(x.args()));
    group.define(node.outputs[0], code);
}

}  // namespace quantide
