#include "compiler/quantizers/quantizer_lower.h"

namespace quantide {

// Comparisons that are false for NaN.
Halide::Expr lower_ternary_code(const Halide::Expr &x, int) {
    const Halide::Expr positive = 0.5F <= x && !Halide::is_nan(x), above = -0.5F < x && !Halide::is_nan(x);
    return Halide::select(positive, 3, above, 1, 0);
}

Halide::Expr lower_ternary_surrogate(const Halide::Expr &x, int) { return within(x, 1.0F); }

}  // namespace quantide
