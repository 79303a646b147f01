#pragma once
#include <bit>
#include <cstdint>

namespace quantide {

/** The fields of a binary32 number, as integers that order magnitudes. */
struct Binary32 {
    static constexpr int32_t kMagnitude = 0x7FFFFFFF;
    static constexpr int32_t kInfinity = 0x7F800000;     ///< the exponent's bits
    static constexpr int32_t kLeastNormal = 0x00800000;  ///< 2^-126; the exponent's last bit
    /** The first float above sqrt(2) = 1.41421356237..., without its exponent. No float is sqrt(2) 2^k, so
     * what lies below rounds down and the rest up: AP2 is the exact round(log2 |x|). */
    static constexpr int32_t kAboveSqrt2 = 0x003504F4;
};

/** AP2(x) = sign(x) 2^round(log2 |x|), the nearest power of two in the log domain (Courbariaux et al. 2016),
 * by bit operations. Numbers below 2^-126 give 0, those above sqrt(2) 2^127 an infinity, all with the sign of
 * x; a NaN stays. */
inline float ap2(float x) {
    const auto bits = std::bit_cast<int32_t>(x);
    const int32_t magnitude = bits & Binary32::kMagnitude;
    if (magnitude > Binary32::kInfinity) {
        return x;
    }
    const int32_t power =
        magnitude < Binary32::kLeastNormal
            ? 0
            : (magnitude + (Binary32::kLeastNormal - Binary32::kAboveSqrt2)) & Binary32::kInfinity;
    return std::bit_cast<float>(power | (bits & ~Binary32::kMagnitude));
}

}  // namespace quantide
