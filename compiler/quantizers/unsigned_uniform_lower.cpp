#include "compiler/quantizers/quantizer_lower.h"

namespace quantide {

// Strict: a code must not depend on how training kernels reorder floats.
Halide::Expr lower_unsigned_uniform_code(const Halide::Expr &x, int bits) {
    const float most = static_cast<float>((1 << bits) - 1);
    const Halide::Expr inside = Halide::select(Halide::is_nan(x), 0.0F, Halide::clamp(x, 0.0F, 1.0F));
    return Halide::cast<int32_t>(Halide::strict_float(inside * most + 0.5F));
}

Halide::Expr lower_unsigned_uniform_surrogate(const Halide::Expr &x, int) {
    const Halide::Expr negative = Halide::strict_float(x < 0.0F), small = Halide::strict_float(x <= 1.0F);
    return Halide::select(small && !negative && !Halide::is_nan(x), 1.0F, 0.0F);
}

}  // namespace quantide
