#include "compiler/quantizers/quantizer.h"

#include <algorithm>
#include <cmath>

namespace quantide {

namespace {

const Encoding kPowers{.powers = 127, .greatest = 63};

}  // namespace

// In training sign(x) 2^(e + 1) with the probability p = |x| / 2^e - 1, else sign(x) 2^e, with e = floor(log2
// |x|), so that the mean is x: the quantized back-propagation of Lin et al. 2016, "Neural Networks with Few
// Multiplications". Exponents are from -63 to 63: what is above is 2^63, what is below the smallest is that
// with the probability |x| 2^63, else 0. Without drawing, AP2(x). NaN: -2^63.
const QuantizerDef stochastic_power_of_two_quantizer = {
    .name = "stochastic_power_of_two",
    .summary =
        "0 or +-2^e, e from -63 to 63: in training one of the two neighbours of x, whose mean is x (Lin et "
        "al. "
        "2016), else the nearest by its logarithm; straight-through",
    .least_bits = 8,
    .most_bits = 8,
    .encoding = [](int) { return kPowers; },
    .code = [](float x, int) { return nearest_power(kPowers, x); },
    .surrogate = [](float, int) { return 1.0F; },
    .weight_surrogate = nullptr,
    .float_activation = nullptr,
    .drawn_code = [](float x, float u, int) -> uint32_t {
        if (std::isnan(x)) {
            return 0;
        }
        const float size = std::fabs(x);
        int steps = u < std::ldexp(size, 63) ? 1 : 0;
        if (size >= 0x1p-63F) {
            const int e = std::min(std::ilogb(size), 63);
            steps = std::min(e + 64 + (u < std::ldexp(size, -e) - 1 ? 1 : 0), 127);
        }
        return static_cast<uint32_t>(x < 0 ? 127 - steps : 127 + steps);
    },
};

}  // namespace quantide
