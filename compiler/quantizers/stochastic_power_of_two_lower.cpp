#include "compiler/quantizers/quantizer_lower.h"

namespace quantide {

// The probability is the mantissa.
const QuantizerLowering stochastic_power_of_two_lowering = {
    .code = [](const Halide::Expr &x,
               int bits) { return nearest_power(stochastic_power_of_two_quantizer.encoding(bits), x); },
    .surrogate = [](const Halide::Expr &, int) -> Halide::Expr { return 1.0F; },
    .drawn_code = [](const Halide::Expr &x, const Halide::Expr &u, int) -> Halide::Expr {
        const Halide::Expr size = Halide::abs(x), bits = Halide::reinterpret<int32_t>(size);
        const Halide::Expr up = u < Halide::cast<float>(bits & 0x7fffff) * 0x1p-23F;
        const Halide::Expr above = Halide::min((bits >> 23) - (127 - 64) + Halide::cast<int32_t>(up), 127);
        const Halide::Expr steps =
            Halide::select(size < 0x1p-63F, Halide::cast<int32_t>(u < size * 0x1p63F), above);
        return Halide::select(Halide::is_nan(x), 0, x < 0.0F, 127 - steps, 127 + steps);
    },
};

}  // namespace quantide
