#include "compiler/lower/op_table.h"
#include "compiler/lower/window.h"

namespace quantide {

void lower_dequantize(GroupLowering &group, const Node &node) {
    const Halide::Func acc = group.elements(node.inputs[0]);
    const Halide::Func offset = group.elements(node.inputs[1]);
    const float scale = static_cast<float>(node.real("scale"));
    Halide::Func y("dequantized");
    y(acc.args()) = Halide::cast<float>(acc(acc.args())) * scale +
                    offset(channel_operand(node, group.graph.value(node.inputs[0]), acc.args()));
    group.define(node.outputs[0], y);
}

}  // namespace quantide
