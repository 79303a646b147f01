#include "compiler/lower/op_table.h"
#include "compiler/ops/affine_lower.h"

namespace quantide {

void lower_affine_numbers(GroupLowering &group, const Node &node) {
    const Halide::Func codes = group.elements(node.inputs[0]);
    const int bits = group.graph.value(node.inputs[0]).type.bits;
    const LoweredRange range = lower_range_of(group, node.inputs[1], codes.args().back(), bits);
    Halide::Func numbers("numbers");
    numbers(codes.args()) =
        Halide::strict_float(range.min + range.step * Halide::cast<float>(codes(codes.args())));
    group.define(node.outputs[0], numbers);
}

}  // namespace quantide
