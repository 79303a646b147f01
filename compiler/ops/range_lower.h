#pragma once
#include <Halide.h>

namespace quantide {

/** An integer that orders as float32 numbers do by IEEE 754's total order, NaN outside the infinities. */
Halide::Expr order_key(const Halide::Expr &x);

/** The number at the end 0 or 1 of the range of numbers whose least and largest keys these are; NaN where one
 * of them was. */
Halide::Expr range_end(const Halide::Expr &least, const Halide::Expr &most, const Halide::Expr &end);

}  // namespace quantide
