#pragma once
#include <Halide.h>

#include <cmath>
#include <limits>

namespace quantide {

// The rows of the quantizer table in Halide.
#define QUANTIZER(name)                                                \
    Halide::Expr lower_##name##_code(const Halide::Expr &x, int bits); \
    Halide::Expr lower_##name##_surrogate(const Halide::Expr &x, int bits);
#include "compiler/quantizers/quantizers.inc"
#undef QUANTIZER

Halide::Expr lower_stochastic_sign_drawn_code(const Halide::Expr &x, const Halide::Expr &u);
Halide::Expr lower_stochastic_ternary_drawn_code(const Halide::Expr &x, const Halide::Expr &u);

/** 1 where |x| <= bound, else 0, also for NaN: Halide turns the comparison into !(bound < |x|). */
inline Halide::Expr within(const Halide::Expr &x, float bound) {
    const float next = std::nextafter(bound, std::numeric_limits<float>::infinity());
    return Halide::select(Halide::abs(x) < next, 1.0F, 0.0F);
}

}  // namespace quantide
