#pragma once
#include "compiler/lower/group_lowering.h"
#include "compiler/ops/gradient.h"

namespace quantide {

/** The gradient that a product of backward reads, input 0 of its node: float32, or integers that a scale
 * belongs to. */
class GradientOperand {
public:
    GradientOperand(GroupLowering &group, const Node &node);

    const std::optional<GradientFormat> format;
    /** In the coordinates of GroupLowering::elements: float32, or the integers of the codes as Int(16) or
     * Int(32). */
    Halide::Func elements;
    /** The codes as they are kept, and the code of 0, Int(32); of codes alone. */
    Halide::Func codes;
    Halide::Expr zero;

    /** Whether codes are bytes above 0, of which one that the range says stands for 0. */
    bool has_zero() const { return has_codes() && format->type() == UInt(8); }
    bool has_codes() const { return format.has_value(); }
    /** The type in which `terms` elements, each of them times at most `largest`, are added exactly:
     * Float(32), or the narrowest of Int(16), Int(32) and Int(64). */
    Halide::Type sum_type(int64_t terms, int64_t largest = 1) const;
    /** The same of at least 32 bits: of whole sums. */
    Halide::Type total_type(int64_t terms, int64_t largest = 1) const;
    /** Whether pairs of products can be added at once (short_dot): of 16-bit integers, into `sum`. */
    bool has_pairs(Halide::Type sum) const {
        return has_codes() && elements.type().bits() == 16 && sum.bits() == 32;
    }
    /** What a sum of products of elements with the integers of scale `unit` stands for: one rounding of the
     * sum, one of the product with the product of the scales. A sum of float32 is multiplied by `unit` alone.
     */
    Halide::Expr rescaled(const Halide::Expr &sum, float unit) const;

private:
    Halide::Expr scale;
};

/** Two integers of 16 bits as the halves of a word, see short_dot. */
Halide::Expr pair_word(const Halide::Expr &low, const Halide::Expr &high);

/** The magnitude of the largest integer of codes. */
int64_t largest_integer(const IntegerView &view);

/** The grid of the node's format, from its range, input `range`: the stage "grid". */
Halide::Func gradient_grid(GroupLowering &group, const Node &node, size_t range);

}  // namespace quantide
