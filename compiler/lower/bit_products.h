#pragma once
#include "compiler/lower/group_lowering.h"
#include "schedules/schedule.h"

namespace quantide {

// Sums of products with panels of 1-bit weights, w(output in panel, word, panel). Accumulators are
// accumulate(lane, place..., panel): a place is a row of a batch, or a position of an image.
using Place = std::vector<Halide::Var>;
std::vector<Halide::Var> args_of(const Place &place);

/** Throws CompileError if sums of an integer product may leave 32 bits. */
void check_accumulator(const GroupLowering &group, const Node &node);

/** The planes of two operands, each pair of them a product of bits; pair i is plane i % x of the one and
 * plane i / x of the other, and counts 2^shift(i) times. */
struct PlanePairs {
    int x, w;
    bool x_doubles, w_doubles;  ///< each plane counts twice the one before, or the same

    PlanePairs(const IntegerView &x_view, const IntegerView &w_view);
    int count() const { return x * w; }
    Halide::Expr x_plane(const Halide::Expr &pair) const { return x == 1 ? 0 : w == 1 ? pair : pair % x; }
    Halide::Expr w_plane(const Halide::Expr &pair) const { return w == 1 ? 0 : x == 1 ? pair : pair / x; }
    Halide::Expr shift(const Halide::Expr &pair) const {
        return (x_doubles ? x_plane(pair) : 0) + (w_doubles ? w_plane(pair) : 0);
    }
};

/** The exact product of K terms of two operands of bits below 8 whose integers are taken about their middle
 * (those of `x` doubled where that is not 0): from the weighted number of differing bits in all pairs of
 * their planes, UInt(32). */
Halide::Expr centered_product(const IntegerView &x, const IntegerView &w, int64_t k,
                              const Halide::Expr &differing);

/** The number of ones in `words` words of each pair of planes, weighted; each word given by its index, its
 * pair and the coordinates of the accumulator: for signs, words of bits that differ. UInt(32). */
Halide::Func popcounts(
    GroupLowering &group, int words, const PlanePairs &pairs, const Place &place, const Tuning &tuning,
    const std::function<Halide::Expr(const Halide::Expr &word, const Halide::Expr &pair)> &counted);

}  // namespace quantide
