#include "compiler/quantizers/quantizer_lower.h"

namespace quantide {

// Strict: a code must not depend on how training kernels reorder floats.
const QuantizerLowering twos_complement_lowering = {
    .code = [](const Halide::Expr &x, int bits) -> Halide::Expr {
        const float steps = static_cast<float>(1 << (bits - 1));
        const Halide::Expr inside =
            Halide::select(Halide::is_nan(x), -1.0F, Halide::clamp(x, -1.0F, 1 - 1 / steps));
        return Halide::cast<int32_t>(Halide::strict_float((inside + 1.0F) * steps + 0.5F));
    },
    .surrogate = [](const Halide::Expr &x, int) { return within(x, 1.0F); },
};

}  // namespace quantide
