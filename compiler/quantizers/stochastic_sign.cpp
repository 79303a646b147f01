#include "compiler/quantizers/quantizer.h"

#include <algorithm>
#include <cmath>

namespace quantide {

// In training +1 with the probability hs(x) = clip((x + 1) / 2, 0, 1), else -1 (also NaN), so that the mean
// is clip(x, -1, 1): BinaryConnect (Courbariaux et al. 2015) for weights, BinaryNet (Hubara et al. 2016) for
// activations. Deployed it is sign(x).
const QuantizerDef stochastic_sign_quantizer = {
    .name = "stochastic_sign",
    .summary =
        "+1 or -1: in training +1 with probability clip((x + 1) / 2, 0, 1), deployed sign (Courbariaux et "
        "al. "
        "2015)",
    .least_bits = 1,
    .most_bits = 1,
    .encoding = [](int) -> Encoding { return {.scales = {2}, .offset = -1}; },
    .code = [](float x, int) -> uint32_t { return x >= 0 ? 1 : 0; },
    .surrogate = [](float x, int) { return std::fabs(x) <= 1 ? 1.0F : 0.0F; },
    .weight_surrogate = nullptr,
    .float_activation = "hardtanh",
    .drawn_code = [](float x, float u, int) -> uint32_t { return u < (x + 1) * 0.5F ? 1 : 0; },
    .deployed = "sign",
};

}  // namespace quantide
