#pragma once
#include "compiler/lower/tile_products.h"

namespace quantide {

/** A gradient of a convolution's weights that is sums over positions of dots of small numbers: of an image
 * `in` [N, C, H, W] and its padding by the gradient `out` of what a window makes of it. */
struct PositionOperands {
    /** A number of the image, of 8 or 16 bits. */
    using NumberAt = std::function<Halide::Expr(const Halide::Expr &column, const Halide::Expr &channel,
                                                const Halide::Expr &row, const Halide::Expr &image)>;
    /** A plane of the gradient of output 32 panel + lane, as many bits of UInt(32). */
    using GradientAt = std::function<Halide::Expr(const Halide::Expr &column, const Halide::Expr &row,
                                                  const Halide::Expr &image, const Halide::Expr &plane)>;

    const Window &window;
    const Shape &out, &in;
    NumberAt number = {};
    GradientAt gradient = {};
};

/** The sums (lane, channel, tap, panel), modulo 2^32 or of float32, and the numbers as they lie. The stages
 * "terms" and "bytes", "partial" or, by tiles, "raster". */
struct PositionDots {
    Halide::Func sums;
    PositionOperands::NumberAt number;
};

/** By bytes, whose sums of a block fit in 32 bits, added up in `wide`. */
PositionDots dots_by_columns(GroupLowering &group, const PositionOperands &of, Halide::Type wide);

/** By tiles. */
PositionDots dots_by_tiles(GroupLowering &group, const PositionOperands &of, const TileNumbers &numbers);

/** The rows of an image [H, W] that make a block of at least so many positions: a divisor of H. */
int rows_of_block(int64_t height, int64_t width, int64_t fewest);

}  // namespace quantide
