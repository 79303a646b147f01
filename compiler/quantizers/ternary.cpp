#include "compiler/quantizers/quantizer.h"

#include <cmath>

namespace quantide {

// +1 where x >= 1/2, -1 where x <= -1/2 (also NaN), else 0: the deterministic form of Lin et al. 2016,
// "Neural Networks with Few Multiplications", whose range is [-1, 1] here. A code is two steps: 0, 1, 3 stand
// for -1, 0, +1.
const QuantizerDef ternary_quantizer = {
    .name = "ternary",
    .summary =
        "-1, 0 or +1 with thresholds at -1/2 and 1/2; straight-through where |x| <= 1 (Lin et al. 2016)",
    .least_bits = 2,
    .most_bits = 2,
    .encoding = [](int) -> Encoding {
        return {.scales = {1, 1}, .offset = -1};
    },
    .code = [](float x, int) -> uint32_t { return x >= 0.5F   ? 3
                                                  : x > -0.5F ? 1
                                                              : 0; },
    .surrogate = [](float x, int) { return std::fabs(x) <= 1 ? 1.0F : 0.0F; },
    .weight_surrogate = nullptr,
    .float_activation = "hardtanh",
};

}  // namespace quantide
