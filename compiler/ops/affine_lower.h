#pragma once
#include "compiler/lower/group_lowering.h"

namespace quantide {

/** What the codes of row `row` of a value stand for (see AffineRange), strictly rounded. */
struct LoweredRange {
    Halide::Expr min, step;
};
LoweredRange lower_range_of(GroupLowering &group, ValueId range, const Halide::Expr &row, int bits);

}  // namespace quantide
