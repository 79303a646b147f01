#pragma once
#include "compiler/lower/gradient_operand.h"
#include "compiler/lower/tile_products.h"

namespace quantide {

// Products of a gradient of float32 by tiles of bfloat16 numbers: the gradient is the sum of three of them,
// its planes, whose products with integers of up to eight bits are exact, so that the sums are as good as
// those of float32.

/** Whether every integer is a bfloat16 number. */
bool are_bfloat16(const IntegerView &view);

/** What the product of `node` multiplies: planes of its gradient, rows or weights of the product; one of a
 * gradient that was rounded to bfloat16. */
TileNumbers planes_of_gradient(const Node &node);

// A bfloat16 number is its 16 bits in UInt(32). One that is infinite, or none, makes all sums that it is a
// term of NaN.

/** Plane `plane` of x: what is left of it behind the planes before, cut off after eight significant bits. Of
 * x below 2^-110 the last one is not exact. */
Halide::Expr bfloat16_plane(const Halide::Expr &x, const Halide::Expr &plane, int planes);

/** x, a bfloat16 number in float32. */
Halide::Expr bfloat16_of(const Halide::Expr &x);

/** The integer of a code. */
Halide::Expr bfloat16_integer(const Encoding &encoding, const IntegerView &view, const Halide::Expr &code);

}  // namespace quantide
