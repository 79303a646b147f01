#include "compiler/quantizers/quantizer_lower.h"

namespace quantide {

Halide::Expr lower_stochastic_sign_code(const Halide::Expr &x, int bits) { return lower_sign_code(x, bits); }

Halide::Expr lower_stochastic_sign_surrogate(const Halide::Expr &x, int bits) {
    return lower_sign_surrogate(x, bits);
}

// Strict: training kernels may reorder floats otherwise, and a code must not depend on it.
Halide::Expr lower_stochastic_sign_drawn_code(const Halide::Expr &x, const Halide::Expr &u) {
    const Halide::Expr draws = Halide::strict_float(u < (x + 1.0F) * 0.5F);
    return Halide::select(draws && !Halide::is_nan(x), 1, 0);
}

}  // namespace quantide
