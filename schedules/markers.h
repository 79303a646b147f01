#pragma once
#include <Halide.h>

namespace quantide {

// Operations on the bytes of 32-bit lanes that Halide cannot say: it would vectorize bytes as lanes of
// their own. They are calls until everything is vectorized; then a lowering pass spells them out.

/** The number of ones of each byte. */
Halide::Expr byte_popcounts(const Halide::Expr &x);

/** acc + sum_i x.byte[i] * bits.byte[i], the bytes of `bits` 0 or 1. */
Halide::Expr byte_dot(const Halide::Expr &acc, const Halide::Expr &x, const Halide::Expr &bits);

/** The sums of x.byte[i] * bits.byte[i] over the lower and the upper two bytes as two 16-bit fields. */
Halide::Expr byte_pair_dots(const Halide::Expr &x, const Halide::Expr &bits);

/** Makes a pipeline spell out the calls above for `target`. */
void lower_markers(Halide::Pipeline &pipeline, const Halide::Target &target);

}  // namespace quantide
