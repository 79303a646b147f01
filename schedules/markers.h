#pragma once
#include <Halide.h>

namespace quantide {

// Operations that Halide cannot say: those on the bytes of 32-bit lanes, which it would vectorize as lanes of
// their own, and the fused multiply-add. They are calls until everything is vectorized; then a lowering pass
// spells them out.

/** The number of ones of each byte. */
Halide::Expr byte_popcounts(const Halide::Expr &x);

/** The sum of the four bytes. */
Halide::Expr byte_sum(const Halide::Expr &x);

/** acc + sum_i x.byte[i] * bits.byte[i], the bytes of `bits` 0 or 1. */
Halide::Expr byte_dot(const Halide::Expr &acc, const Halide::Expr &x, const Halide::Expr &bits);

/** The sums of x.byte[i] * bits.byte[i] over the lower and the upper two bytes as two 16-bit fields. */
Halide::Expr byte_pair_dots(const Halide::Expr &x, const Halide::Expr &bits);

/** a * b + acc of float32, rounded once (IEEE 754 fusedMultiplyAdd), the same bits on every target: where a
 * CPU has no instruction for it, some twenty of binary64. */
Halide::Expr fused_multiply_add(const Halide::Expr &a, const Halide::Expr &b, const Halide::Expr &acc);

/** Makes a pipeline spell out the calls above for `target`. */
void lower_markers(Halide::Pipeline &pipeline, const Halide::Target &target);

}  // namespace quantide
