#include "compiler/quantizers/quantizer_lower.h"

namespace quantide {

const QuantizerLowering power_of_two_lowering = {
    .code = [](const Halide::Expr &x,
               int bits) { return nearest_power({.powers = (1 << (bits - 1)) - 1}, x); },
    .surrogate = [](const Halide::Expr &x, int) { return within(x, 1.0F); },
};

}  // namespace quantide
