#include "compiler/quantizers/quantizer.h"

#include <cmath>

namespace quantide {

// In training the sign of x with the probability min(|x|, 1), else 0 (NaN: -1), so that the mean is clip(x,
// -1, 1): Lin et al. 2016, "Neural Networks with Few Multiplications". Deployed it is ternary(x).
const QuantizerDef stochastic_ternary_quantizer = {
    .name = "stochastic_ternary",
    .summary = "-1, 0 or +1: in training the sign with probability |x|, deployed ternary (Lin et al. 2016)",
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
    .drawn_code = [](float x, float u, int) -> uint32_t { return u < x     ? 3
                                                                 : u >= -x ? 1
                                                                           : 0; },
    .deployed = "ternary",
};

}  // namespace quantide
