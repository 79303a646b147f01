#include "compiler/quantizers/quantizer.h"

#include <cmath>

namespace quantide {

// sign(x) = +1 if x >= 0 (also -0), else -1 (also NaN). d sign/dx is taken as 1 where |x| <= 1, else 0:
// the hard-tanh window of Hubara et al. 2016, "Binarized Neural Networks". Latent weights are clipped to
// [-1, 1], so theirs is 1 everywhere.
const QuantizerDef sign_quantizer = {
    .name = "sign",
    .summary = "+1 if x >= 0, else -1; straight-through where |x| <= 1 (Hubara et al. 2016)",
    .least_bits = 1,
    .most_bits = 1,
    .encoding = [](int) -> Encoding { return {.scales = {2}, .offset = -1}; },
    .code = [](float x, int) -> uint32_t { return x >= 0 ? 1 : 0; },
    .surrogate = [](float x, int) { return std::fabs(x) <= 1 ? 1.0F : 0.0F; },
    .weight_surrogate = nullptr,
    .float_activation = "hardtanh",
};

}  // namespace quantide
