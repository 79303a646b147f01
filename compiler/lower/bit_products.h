#pragma once
#include "compiler/lower/group_lowering.h"
#include "schedules/schedule.h"

namespace quantide {

// Sums of products with panels of 1-bit weights, w(output in panel, word, panel). Accumulators are
// accumulate(lane, place..., panel): a place is a row of a batch, or a position of an image.
using Place = std::vector<Halide::Var>;

/** The number of ones in `words` words, each word given by its index and the coordinates of the accumulator:
 * for signs, words of bits that differ. UInt(32). */
Halide::Func popcounts(GroupLowering &group, int words, const Place &place, const Tuning &tuning,
                       const std::function<Halide::Expr(const Halide::Expr &word)> &counted);

/** The sums of codes(bit, word, place...) times the weights' bits, where
 * codes(bit, word, ...) holds inputs 32 word + bit + {0, 8, 16, 24} in its bytes: then shifting a word of
 * weights by `bit` brings theirs to the lowest bits of its bytes. UInt(32) or Int(32). */
Halide::Func byte_dots(GroupLowering &group, int words, const Place &place, const Tuning &tuning,
                       const Halide::Func &codes, const Halide::Func &w);

/** The sum of the codes(bit, word, place...) of a place: the stage "sum". */
Halide::Func code_totals(GroupLowering &group, int words, const Place &place, const Halide::Func &codes);

}  // namespace quantide
