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

}  // namespace quantide
