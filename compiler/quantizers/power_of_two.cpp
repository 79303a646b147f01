#include "compiler/quantizers/quantizer.h"

#include <cmath>

namespace quantide {

// AP2(x) = sign(x) 2^round(log2 |x|) of 2^(bits - 1) - 1 exponents up to 0: what is above is 1, what AP2 has
// below the smallest is 0, as is 0; NaN: -1. LogQuant of Hubara et al. 2016, "Quantized Neural Networks".
const QuantizerDef power_of_two_quantizer = {
    .name = "power_of_two",
    .summary =
        "0 or, by its logarithm, the nearest of 2^(bits - 1) - 1 powers of two up to 1, with a sign; "
        "straight-through where |x| <= 1 (LogQuant of Hubara et al. 2016)",
    .least_bits = 2,
    .most_bits = 8,
    .encoding = [](int bits) -> Encoding { return {.powers = (1 << (bits - 1)) - 1}; },
    .code = [](float x, int bits) { return nearest_power({.powers = (1 << (bits - 1)) - 1}, x); },
    .surrogate = [](float x, int) { return std::fabs(x) <= 1 ? 1.0F : 0.0F; },
    .weight_surrogate = nullptr,
    .float_activation = "hardtanh",
};

}  // namespace quantide
