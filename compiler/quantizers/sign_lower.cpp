#include "compiler/quantizers/quantizer_lower.h"

namespace quantide {

// Halide turns x >= 0 into !(x < 0), which is true for NaN.
Halide::Expr lower_sign_code(const Halide::Expr &x, int) {
    return Halide::select(x < 0.0F || Halide::is_nan(x), 0, 1);
}

Halide::Expr lower_sign_surrogate(const Halide::Expr &x, int) { return within(x, 1.0F); }

}  // namespace quantide
