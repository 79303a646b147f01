#pragma once
#include "compiler/quantizers/gradient_format.h"

#include <Halide.h>

namespace quantide {

/** A GradientGrid in Halide. */
struct GradientGridExprs {
    Halide::Expr scale, inverse, zero;
};

/** The grid of a gradient in [low, high], bit for bit what its row of the table says. */
GradientGridExprs lower_gradient_grid(const GradientFormat &format, const Halide::Expr &low,
                                      const Halide::Expr &high);

/** The code of x, as Int(32), given a number u drawn from [0, 1), which formats that draw nothing do not
 * read.
 */
Halide::Expr lower_gradient_code(const GradientFormat &format, const Halide::Expr &x, const Halide::Expr &u,
                                 const GradientGridExprs &grid);

/** round_to_bfloat16(). */
Halide::Expr lower_round_to_bfloat16(const Halide::Expr &x);

}  // namespace quantide
