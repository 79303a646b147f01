#include "compiler/quantizers/quantizer_lower.h"

#include "compiler/base/error.h"

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
