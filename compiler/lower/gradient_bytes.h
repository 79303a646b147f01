#pragma once
#include "compiler/lower/byte_products.h"
#include "compiler/lower/gradient_operand.h"

namespace quantide {

// Products of backward in bytes: a gradient's codes by the codes of weights or inputs.

/** The operand beside the gradient as bytes: the integers of its view are multiplier u + addend, 0 <= u <=
 * 255. */
class ByteNumbers {
public:
    explicit ByteNumbers(IntegerView of) : view(std::move(of)) {}

    int multiplier() const { return view.multipliers[0]; }
    int addend() const { return view.addend; }
    /** Whether every number is a byte. */
    bool fit() const;
    /** u of a code, UInt(32). */
    Halide::Expr operator()(const Halide::Expr &code) const;

private:
    const IntegerView view;
};

/** A gradient's codes as signed bytes, which are multiplied by unsigned numbers. */
class GradientBytes {
public:
    explicit GradientBytes(const GradientOperand &of);

    /** See GradientOperand::has_zero. */
    const bool has_zero;
    /** The byte of 0, Int(32). */
    const Halide::Expr zero;
    /** The byte of a code, UInt(32). */
    Halide::Expr operator()(const Halide::Expr &code) const;
};

/** How numbers are multiplied by a gradient's bytes: the steps in fields of 8 bits, and whether the sums of
 * the gradient's bytes count. */
ByteProduct product_of(const ByteNumbers &numbers);

/** sum (byte - zero)(multiplier u + addend), exact if it fits in 32 bits: of dots = sum byte u, of sum (byte
 * - zero), and of sum u, which is read where dy.has_zero. */
Halide::Expr corrected(const ByteNumbers &numbers, const GradientBytes &dy, const Halide::Expr &dots,
                       const Halide::Expr &sum_of_gradients, const Halide::Expr &sum_of_numbers);

}  // namespace quantide
