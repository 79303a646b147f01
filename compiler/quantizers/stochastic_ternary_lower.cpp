#include "compiler/quantizers/quantizer_lower.h"

namespace quantide {

const QuantizerLowering stochastic_ternary_lowering = {
    .code = [](const Halide::Expr &x, int bits) { return ternary_lowering.code(x, bits); },
    .surrogate = [](const Halide::Expr &x, int) { return within(x, 1.0F); },
    .drawn_code = [](const Halide::Expr &x, const Halide::Expr &u, int) -> Halide::Expr {
        const Halide::Expr number = !Halide::is_nan(x);
        return Halide::select(number && u < x, 3, number && -x <= u, 1, 0);
    },
};

}  // namespace quantide
