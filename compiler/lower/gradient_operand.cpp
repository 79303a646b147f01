#include "compiler/lower/gradient_operand.h"

#include "compiler/quantizers/gradient_format_lower.h"

#include <algorithm>

namespace quantide {

using Halide::cast;
using Halide::Expr;
using Halide::Func;

Func gradient_grid(GroupLowering &group, const Node &node, size_t range) {
    const Halide::ImageParam in = group.operand(node.inputs[range]);
    const GradientGridExprs grid =
        lower_gradient_grid(find_gradient_format(node.text("format")), in(0), in(1));
    Func f("grid");
    f() = Halide::Tuple(grid.scale, grid.inverse, grid.zero);
    group.stage("grid", f);
    return f;
}

GradientOperand::GradientOperand(GroupLowering &group, const Node &node) : format(format_of_gradient(node)) {
    const Func stored = group.elements(node.inputs[0]);
    if (!has_codes()) {
        elements = stored;
        return;
    }
    const Func grid = gradient_grid(group, node, node.inputs.size() - 1);
    const Halide::Type type = Halide::Int(format->largest() < INT16_MAX + 1 ? 16 : 32);
    elements = Func("integers");
    const Expr code = cast(type, stored(stored.args()));
    codes = stored;
    zero = has_zero() ? Expr(grid()[2]) : Expr(0);
    elements(stored.args()) = has_zero() ? code - cast(type, zero) : code;
    scale = grid()[0];
}

Halide::Type GradientOperand::sum_type(int64_t terms, int64_t largest) const {
    if (!has_codes()) {
        return Halide::Float(32);
    }
    const int64_t sum = format->largest() * largest;
    internal_check(sum < INT64_MAX / terms, "sums of {} gradients overflow", terms);
    return Halide::Int(sum * terms <= INT16_MAX ? 16 : sum * terms <= INT32_MAX ? 32 : 64);
}

Halide::Type GradientOperand::total_type(int64_t terms, int64_t largest) const {
    const Halide::Type sum = sum_type(terms, largest);
    return sum.with_bits(std::max(32, sum.bits()));
}

Expr GradientOperand::rescaled(const Expr &sum, float unit) const {
    return has_codes() ? Halide::strict_float(cast<float>(sum) * (scale * unit)) : sum * unit;
}

Expr pair_word(const Expr &low, const Expr &high) {
    const auto half = [](const Expr &x) { return cast<uint32_t>(cast<uint16_t>(x)); };
    return Halide::reinterpret<int32_t>(half(low) | (half(high) << 16));
}

int64_t largest_integer(const IntegerView &view) {
    return std::max(std::abs(view.min()), std::abs(view.max()));
}

}  // namespace quantide
