#include "compiler/quantizers/quantizer_lower.h"

#include "compiler/base/error.h"

#include <bit>
#include <cmath>
#include <limits>
#include <map>

namespace quantide {

namespace {

/** The table's and what was added; made at first use, since files add theirs before main. */
std::map<const QuantizerDef *, const QuantizerLowering *> &lowerings() {
    static std::map<const QuantizerDef *, const QuantizerLowering *> all = {
#define QUANTIZER(name) {&name##_quantizer, &name##_lowering},
#include "compiler/quantizers/quantizers.inc"
#undef QUANTIZER
    };
    return all;
}

}  // namespace

const QuantizerLowering &lowering_of(const QuantizerDef &row) {
    const auto found = lowerings().find(&row);
    internal_check(found != lowerings().end(), "quantizer {} has no Halide definition", row.name);
    return *found->second;
}

bool add_quantizer(const QuantizerDef &row, const QuantizerLowering &lowering) {
    add_quantizer(row);
    lowerings()[&row] = &lowering;
    return true;
}

// Adding what the mantissa of sqrt(2) lacks to 1 carries into the exponent where it is rounded up. Below the
// normal numbers, where the smallest of 127 powers up to 1 begins, the exponent says nothing.
Halide::Expr nearest_power(const Encoding &encoding, const Halide::Expr &x) {
    const int least = encoding.greatest - encoding.powers + 1;
    const int smallest = std::bit_cast<int>(std::ldexp(kAboveSqrtHalf, least));
    const int carry = (1 << 23) - (std::bit_cast<int>(kAboveSqrtHalf) & ((1 << 23) - 1));
    const Halide::Expr bits = Halide::reinterpret<int32_t>(Halide::abs(x));
    const Halide::Expr exponent = ((bits + carry) >> 23) - 127;
    const Halide::Expr reached =
        Halide::select(bits < smallest, 0, Halide::clamp(exponent - least + 1, 0, encoding.powers));
    return Halide::select(Halide::is_nan(x), 0, x < 0.0F, encoding.powers - reached,
                          encoding.powers + reached);
}

Halide::Expr between(const Halide::Expr &x, float low, float high) {
    const Halide::Expr below = Halide::strict_float(x < low), inside = Halide::strict_float(x <= high);
    return Halide::select(inside && !below && !Halide::is_nan(x), 1.0F, 0.0F);
}

// Halide turns |x| <= bound into !(bound < |x|), which is true for NaN.
Halide::Expr within(const Halide::Expr &x, float bound) {
    const float next = std::nextafter(bound, std::numeric_limits<float>::infinity());
    return Halide::select(Halide::abs(x) < next, 1.0F, 0.0F);
}

}  // namespace quantide
