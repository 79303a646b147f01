#include "compiler/quantizers/quantizer.h"

namespace quantide {

// The grid {0, 1, ..., N} / N with N = 2^bits - 1: the nearest number of it, half way up, beyond [0, 1] its
// ends; NaN: 0. The activations of Zhou et al. 2016, "DoReFa-Net".
const QuantizerDef unsigned_uniform_quantizer = {
    .name = "unsigned_uniform",
    .summary =
        "the nearest of 2^bits evenly spaced numbers from 0 to 1; straight-through where 0 <= x <= 1 "
        "(Zhou et al. 2016)",
    .least_bits = 1,
    .most_bits = 8,
    .encoding = [](int bits) -> Encoding {
        const float step = 1 / static_cast<float>((1 << bits) - 1);
        Encoding encoding{.scales = {}, .offset = 0};
        for (int p = 0; p < bits; ++p) {
            encoding.scales.push_back(step * static_cast<float>(1 << p));
        }
        return encoding;
    },
    .code = [](float x, int bits) -> uint32_t {
        const float most = static_cast<float>((1 << bits) - 1);
        const float inside = x >= 1 ? 1 : x > 0 ? x : 0;
        return static_cast<uint32_t>(inside * most + 0.5F);
    },
    .surrogate = [](float x, int) { return x >= 0 && x <= 1 ? 1.0F : 0.0F; },
    .weight_surrogate = nullptr,
    .float_activation = "relu",
};

}  // namespace quantide
