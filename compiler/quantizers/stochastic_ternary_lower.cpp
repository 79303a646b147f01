#include "compiler/quantizers/quantizer_lower.h"

namespace quantide {

Halide::Expr lower_stochastic_ternary_code(const Halide::Expr &x, int bits) {
    return lower_ternary_code(x, bits);
}

Halide::Expr lower_stochastic_ternary_surrogate(const Halide::Expr &x, int bits) {
    return lower_ternary_surrogate(x, bits);
}

Halide::Expr lower_stochastic_ternary_drawn_code(const Halide::Expr &x, const Halide::Expr &u) {
    const Halide::Expr number = !Halide::is_nan(x);
    return Halide::select(number && u < x, 3, number && -x <= u, 1, 0);
}

}  // namespace quantide
