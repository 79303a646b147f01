#pragma once
#include <concepts>
#include <type_traits>

namespace quantide {

/** ceil(a / b), for a >= 0 and b > 0. */
template<std::integral T>
constexpr T divide_up(T a, std::type_identity_t<T> b) {
    return (a + b - 1) / b;
}

/** The least multiple of b that is not below a, for a >= 0 and b > 0. */
template<std::integral T>
constexpr T round_up(T a, std::type_identity_t<T> b) {
    return divide_up(a, b) * b;
}

}  // namespace quantide
