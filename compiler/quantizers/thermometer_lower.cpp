#include "compiler/quantizers/quantizer_lower.h"

namespace quantide {

// Strict: a code must not depend on how training kernels reorder floats.
const QuantizerLowering thermometer_lowering = {
    .code = [](const Halide::Expr &x, int bits) -> Halide::Expr {
        const Halide::Expr inside = Halide::select(Halide::is_nan(x), -1.0F, Halide::clamp(x, -1.0F, 1.0F));
        const Halide::Expr ones = Halide::cast<int32_t>(
            Halide::strict_float((inside + 1.0F) * (static_cast<float>(bits) / 2) + 0.5F));
        return (1 << ones) - 1;
    },
    .surrogate = [](const Halide::Expr &x, int) { return within(x, 1.0F); },
};

}  // namespace quantide
