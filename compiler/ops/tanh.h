#pragma once

namespace quantide {

/** tanh(x) as a quotient of polynomials in float32, x p(x^2) / q(x^2) with x clamped to +-kTanhEnd, each by
 * Horner's rule: within 4e-7 of tanh, the same bits wherever it is computed (NaN: NaN). Coefficients, the
 * highest first, of Eigen's ptanh. */
constexpr float kTanhEnd = 7.90531110763549805F;
constexpr float kTanhNumerator[] = {-2.76076847742355e-16F, 2.00018790482477e-13F, -8.60467152213735e-11F,
                                    5.12229709037114e-08F,  1.48572235717979e-05F, 6.37261928875436e-04F,
                                    4.89352455891786e-03F};
constexpr float kTanhDenominator[] = {1.19825839466702e-06F, 1.18534705686654e-04F, 2.26843463243900e-03F,
                                      4.89352518554385e-03F};

/** p(square) by Horner's rule, of numbers or of expressions. */
template<typename Number, int size>
Number horner(const float (&coefficients)[size], const Number &square) {
    Number result = coefficients[0];
    for (int i = 1; i < size; ++i) {
        result = result * square + coefficients[i];
    }
    return result;
}

/** The quotient for an x that is clamped. */
template<typename Number>
Number tanh_of_clamped(const Number &x) {
    const Number square = x * x;
    return x * horner(kTanhNumerator, square) / horner(kTanhDenominator, square);
}

/** tanh(x). */
inline float tanh_of(float x) {
    return tanh_of_clamped(x > kTanhEnd ? kTanhEnd : x < -kTanhEnd ? -kTanhEnd : x);
}

}  // namespace quantide
