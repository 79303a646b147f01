#include "compiler/lower/op_table.h"
#include "compiler/ops/affine_lower.h"

namespace quantide {

using Halide::Expr;
using Halide::Func;

LoweredRange lower_range_of(GroupLowering &group, ValueId range, const Expr &row, int bits) {
    const Func ends = group.elements(range);
    const bool rows = group.graph.value(range).shape.size() == 2;
    const Expr min = rows ? ends(row, 0) : ends(0), max = rows ? ends(row, 1) : ends(1);
    return {min, Halide::strict_float((max - min) / static_cast<float>((1 << bits) - 1))};
}

void lower_affine_codes(GroupLowering &group, const Node &node) {
    const Func x = group.elements(node.inputs[0]);
    const int bits = static_cast<int>(node.integer("bits"));
    const LoweredRange range = lower_range_of(group, node.inputs[1], x.args().back(), bits);
    const Expr position = (x(x.args()) - range.min) / range.step;
    const Expr inside =
        Halide::select(position > 0.0F, Halide::min(position, static_cast<float>((1 << bits) - 1)), 0.0F);
    Func code("code");
    code(x.args()) = Halide::cast<uint8_t>(Halide::cast<int32_t>(Halide::strict_float(inside + 0.5F)));
    if (has_panels(group.graph.value(node.outputs[0]).layout)) {
        group.kernel.family = "pack_panels";
    }
    group.define(node.outputs[0], code);
}

}  // namespace quantide
