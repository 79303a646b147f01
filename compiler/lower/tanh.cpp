#include "compiler/lower/tanh.h"

#include "compiler/ops/tanh.h"

namespace quantide {

using Halide::Expr;

// Comparisons that leave NaN as it is.
Expr lower_tanh(const Expr &x) {
    const Expr end = kTanhEnd;
    return tanh_of_clamped<Expr>(Halide::select(end < x, end, x < -end, -end, x));
}

Expr largest_tanh(GroupLowering &group, ValueId range) {
    const Halide::Func ends = group.elements(range);
    const Expr largest = Halide::max(Halide::abs(ends(0)), Halide::abs(ends(1)));
    return Halide::select(largest == 0.0F, 1.0F, lower_tanh(largest));
}

}  // namespace quantide
