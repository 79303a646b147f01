#pragma once
#include <Halide.h>

namespace quantide {

// Operations that Halide cannot say: those on the bytes of 32-bit lanes, which it would vectorize as lanes of
// their own, and the fused multiply-add. They are calls until everything is vectorized; then a lowering pass
// spells them out.

/** The number of ones of each byte. */
Halide::Expr byte_popcounts(const Halide::Expr &x);

// Bytes and 16-bit fields of a lane are signed where it is Int(32), unsigned where it is UInt(32). Of two
// bytes that are multiplied, x86 wants one signed and one not, or both below 128; Arm two of a kind; a CPU
// with neither (x86-64 without AVX2) unsigned ones by 0 or 1.

/** The sum of the four bytes: Int(32). */
Halide::Expr byte_sum(const Halide::Expr &x);

/** acc + sum_i x.byte[i] * w.byte[i], of 32 bits. */
Halide::Expr byte_dot(const Halide::Expr &acc, const Halide::Expr &x, const Halide::Expr &w);

/** The two fields of acc plus the sums of x.byte[i] * w.byte[i] over the lower and the upper two bytes. */
Halide::Expr byte_pair_dots(const Halide::Expr &acc, const Halide::Expr &x, const Halide::Expr &w);

/** The sum of the two fields: Int(32). */
Halide::Expr pair_sum(const Halide::Expr &x);

/** acc + the sum of the products of the two 16-bit halves, signed; all Int(32). */
Halide::Expr short_dot(const Halide::Expr &acc, const Halide::Expr &a, const Halide::Expr &b);

/** 32 bits of neighbouring elements of 8 or 16 bits, the first one lowest: UInt(32). Tiles take them from
 * memory wherever they begin. */
Halide::Expr packed_lane(const std::vector<Halide::Expr> &elements);

/** acc + x.low * w.low + x.high * w.high, Float(32), of lanes (UInt(32)) of two bfloat16 numbers: what a tile
 * instruction does, which flushes numbers below 2^-126. */
Halide::Expr bfloat16_dot(const Halide::Expr &acc, const Halide::Expr &x, const Halide::Expr &w);

/** a * b + acc of float32, rounded once (IEEE 754 fusedMultiplyAdd), the same bits on every target: where a
 * CPU has no instruction for it, some twenty of binary64. */
Halide::Expr fused_multiply_add(const Halide::Expr &a, const Halide::Expr &b, const Halide::Expr &acc);

/** Makes a pipeline spell out the calls above for `target`. */
void lower_markers(Halide::Pipeline &pipeline, const Halide::Target &target);

}  // namespace quantide
