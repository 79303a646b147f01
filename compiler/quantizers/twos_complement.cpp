#include "compiler/quantizers/quantizer.h"

#include <cmath>

namespace quantide {

// The grid {-N, ..., N - 1} / N with N = 2^(bits - 1): the nearest number of it, half way up, beyond it its
// ends; NaN: -1. LinearQuant of Hubara et al. 2016, "Quantized Neural Networks", clip(round(x / step) step,
// -1, 1 - step) with the step 1 / N. Its integers are those of two's complement; as codes they are kept in
// offset binary, N more, since a code grows with its number.
const QuantizerDef twos_complement_quantizer = {
    .name = "twos_complement",
    .summary =
        "the nearest multiple of step = 2^(1 - bits) from -1 to 1 - step; straight-through where |x| <= 1 "
        "(LinearQuant of Hubara et al. 2016)",
    .least_bits = 2,
    .most_bits = 8,
    .encoding = [](int bits) -> Encoding {
        Encoding encoding{.scales = {}, .offset = -1};
        for (int p = 0; p < bits; ++p) {
            encoding.scales.push_back(std::ldexp(1.0F, p + 1 - bits));
        }
        return encoding;
    },
    .code = [](float x, int bits) -> uint32_t {
        const float steps = static_cast<float>(1 << (bits - 1)), top = 1 - 1 / steps;
        const float inside = x >= top ? top : x > -1 ? x : -1;
        return static_cast<uint32_t>((inside + 1) * steps + 0.5F);
    },
    .surrogate = [](float x, int) { return std::fabs(x) <= 1 ? 1.0F : 0.0F; },
    .weight_surrogate = nullptr,
    .float_activation = "hardtanh",
};

}  // namespace quantide
