#include "compiler/quantizers/quantizer_lower.h"

namespace quantide {

// Halide turns x >= 0 into !(x < 0), which is true for NaN.
const QuantizerLowering sign_lowering = {
    .code = [](const Halide::Expr &x, int) -> Halide::Expr {
        return Halide::select(x < 0.0F || Halide::is_nan(x), 0, 1);
    },
    .surrogate = [](const Halide::Expr &x, int) { return within(x, 1.0F); },
};

}  // namespace quantide
