#pragma once
#include "compiler/lower/group_lowering.h"

namespace quantide {

/** tanh_of in Halide, to be made strict_float by who uses it. */
Halide::Expr lower_tanh(const Halide::Expr &x);

/** The largest |tanh| of what a range covers; 1 of zeros alone. */
Halide::Expr largest_tanh(GroupLowering &group, ValueId range);

}  // namespace quantide
