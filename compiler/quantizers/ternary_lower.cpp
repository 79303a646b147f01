#include "compiler/quantizers/quantizer_lower.h"

namespace quantide {

// Comparisons that are false for NaN.
const QuantizerLowering ternary_lowering = {
    .code = [](const Halide::Expr &x, int) -> Halide::Expr {
        const Halide::Expr number = !Halide::is_nan(x);
        return Halide::select(number && 0.5F <= x, 3, number && -0.5F < x, 1, 0);
    },
    .surrogate = [](const Halide::Expr &x, int) { return within(x, 1.0F); },
};

}  // namespace quantide
