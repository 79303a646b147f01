#include "compiler/quantizers/quantizer_lower.h"

namespace quantide {

// Strict: training kernels may reorder floats otherwise, and a code must not depend on it.
const QuantizerLowering stochastic_sign_lowering = {
    .code = [](const Halide::Expr &x, int bits) { return sign_lowering.code(x, bits); },
    .surrogate = [](const Halide::Expr &x, int) { return within(x, 1.0F); },
    .drawn_code = [](const Halide::Expr &x, const Halide::Expr &u, int) -> Halide::Expr {
        const Halide::Expr draws = Halide::strict_float(u < (x + 1.0F) * 0.5F);
        return Halide::select(draws && !Halide::is_nan(x), 1, 0);
    },
};

}  // namespace quantide
