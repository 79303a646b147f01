#include "compiler/quantizers/quantizer.h"

#include <cmath>

namespace quantide {

// The odd grid {-N, -N + 2, ..., N} / N with N = 2^bits - 1: the nearest number of it, half way up, beyond
// [-1, 1] its ends; NaN: -1. Of one bit it would be sign. The k-bit quantizer of Hubara et al. 2016,
// "Quantized Neural Networks", on a range that is symmetric about 0.
const QuantizerDef symmetric_quantizer = {
    .name = "symmetric",
    .summary =
        "the nearest of 2^bits evenly spaced numbers from -1 to 1; straight-through where |x| <= 1 "
        "(Hubara et al. 2016)",
    .least_bits = 2,
    .most_bits = 8,
    .encoding = [](int bits) -> Encoding {
        const float step = 2 / static_cast<float>((1 << bits) - 1);
        Encoding encoding{.scales = {}, .offset = -1};
        for (int p = 0; p < bits; ++p) {
            encoding.scales.push_back(step * static_cast<float>(1 << p));
        }
        return encoding;
    },
    .code = [](float x, int bits) -> uint32_t {
        const float most = static_cast<float>((1 << bits) - 1);
        const float inside = x >= 1 ? 1 : x > -1 ? x : -1;
        return static_cast<uint32_t>((inside + 1) * (most / 2) + 0.5F);
    },
    .surrogate = [](float x, int) { return std::fabs(x) <= 1 ? 1.0F : 0.0F; },
    .weight_surrogate = nullptr,
    .float_activation = "hardtanh",
};

}  // namespace quantide
