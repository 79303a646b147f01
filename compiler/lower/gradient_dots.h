#pragma once
#include "compiler/lower/tile_products.h"

namespace quantide {

// Which products of backward are dot products of small numbers: of a gradient's bytes, or of the bfloat16
// numbers that one of float32 is the sum of, by the codes of weights or inputs.

/** How a product of backward is one, the row of the schedule table: of a gradient in bytes and of integers
 * whose codes count at most 255 steps, or, by tiles, of a gradient of float32 and of integers that are
 * bfloat16 numbers; for rows or positions that fill half a tile. Of dense weights' gradients those that the
 * update makes in panels, without tiles not beside signs; of convolutions' inputs' those that are
 * convolutions; of convolutions' weights' those of one group, whose columns lie beside each other, by tiles
 * whose rows do, too, of at least 8 channels, and whose exact sums over the batch have 32 bits. Null where it
 * is none. */
const Schedule *gradient_dots(const Graph &graph, const Node &node, const Halide::Target &target);

/** The window of the convolution that a gradient of a convolution's input is, one of dy by the weights turned
 * round, with inputs as outputs; none where it is no convolution. */
std::optional<Window> turned_window(const Graph &graph, const Node &node);

/** True if the update that reads the gradient walks the weights in panels of 32 outputs. */
bool is_updated_in_panels(const Graph &graph, ValueId gradient);

/** The integer that the padding of a convolution's input counts: 0 in real numbers where that is omitted. */
int padding_integer(const Node &node, const Value &input);

/** A number of 32 / `count` bits, UInt(32), of a step of a reduction. */
using NumberOfStep = std::function<Halide::Expr(const Halide::Expr &step)>;

/** The numbers of `count` successive steps as a lane (UInt(32)), that of step `first` lowest. */
Halide::Expr lane_of(int count, const NumberOfStep &number, const Halide::Expr &first);

/** The first step of lane (bit, word) of a reduction. */
inline Halide::Expr first_step(int count, const Halide::Expr &bit, const Halide::Expr &word) {
    return count * (8 * word + bit);
}

}  // namespace quantide
