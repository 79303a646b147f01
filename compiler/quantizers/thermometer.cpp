#include "compiler/quantizers/quantizer.h"

#include <cmath>

namespace quantide {

// The sum of as many equal steps as a code has bits, from -1 to 1: the nearest of bits + 1 evenly spaced
// numbers, half way up, beyond them the ends; NaN: -1. A code is its steps, from the lowest bit up: n ones
// for n of them. With one step it is sign, with two ternary. The uniform case of Yang et al. 2019,
// "Quantization Networks".
const QuantizerDef thermometer_quantizer = {
    .name = "thermometer",
    .summary =
        "the nearest of bits + 1 evenly spaced numbers from -1 to 1, as many ones as steps; straight-through "
        "where |x| <= 1 (Yang et al. 2019)",
    .least_bits = 1,
    .most_bits = 8,
    .encoding = [](int bits) -> Encoding {
        return {.scales = std::vector<float>(static_cast<size_t>(bits), 2 / static_cast<float>(bits)),
                .offset = -1};
    },
    .code = [](float x, int bits) -> uint32_t {
        const float inside = x >= 1 ? 1 : x > -1 ? x : -1;
        const auto ones = static_cast<uint32_t>((inside + 1) * (static_cast<float>(bits) / 2) + 0.5F);
        return (1U << ones) - 1;
    },
    .surrogate = [](float x, int) { return std::fabs(x) <= 1 ? 1.0F : 0.0F; },
    .weight_surrogate = nullptr,
    .float_activation = "hardtanh",
};

}  // namespace quantide
