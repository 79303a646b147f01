#pragma once
#include "compiler/lower/group_lowering.h"

namespace quantide {

/** The number of the weight of output 32 panel + lane at input `channel` of tap `tap` = row * width + column
 * of its kernel (0 for dense). What lies beyond the last output is any number. */
Halide::Expr weight_at(GroupLowering &group, ValueId weights, const Halide::Expr &lane,
                       const Halide::Expr &channel, const Halide::Expr &tap, const Halide::Expr &panel);

}  // namespace quantide
