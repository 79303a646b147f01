#pragma once
#include <string>

namespace quantide {

/** How the numbers of a tensor are represented: a row of the quantizer table, or float32. */
struct Precision {
    std::string quantizer;  ///< empty: float32
    bool operator==(const Precision &) const = default;
};

/** Binary32: not quantized. */
inline Precision float32() { return {}; }

/** One bit, +1 or -1 (Hubara et al. 2016). */
inline Precision sign() { return {"sign"}; }

/** One bit: in training +1 with probability clip((x + 1) / 2, 0, 1), else -1, drawn anew at every step
 * (BinaryConnect, Courbariaux et al. 2015); evaluated and deployed as sign(). */
inline Precision stochastic_sign() { return {"stochastic_sign"}; }

}  // namespace quantide
