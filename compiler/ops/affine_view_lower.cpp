#include "compiler/lower/op_table.h"
#include "compiler/ops/affine.h"
#include "compiler/ops/affine_lower.h"

namespace quantide {

void lower_affine_view(GroupLowering &group, const Node &node) {
    const int bits = static_cast<int>(node.integer("bits"));
    const IntegerView view = integer_view(affine_encoding(bits));
    const size_t rank = group.graph.value(node.inputs[0]).shape.size();
    const std::vector<Halide::Var> args = coordinates(rank);
    const LoweredRange range = lower_range_of(group, node.inputs[0], args[0], bits);
    const Halide::Expr scale = Halide::strict_float(range.step / static_cast<float>(view.multipliers[0]));
    const Halide::Expr offset = Halide::strict_float(range.min - scale * static_cast<float>(view.addend));
    Halide::Func result("affine_view");
    result(args) = Halide::select(args.back() == 0, scale, offset);
    group.define(node.outputs[0], result);
}

}  // namespace quantide
