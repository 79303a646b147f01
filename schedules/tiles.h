#pragma once
#include <Halide.h>

namespace quantide {

// Products of tiles: 16 rows by 64 bytes or 32 bfloat16 numbers of inputs times as many inputs by 16 outputs,
// AMX's tdpb*. Halide 21 has one accumulator in registers at a time, which waits for itself; here there are
// two by two. A schedule names the loops of a reduction of byte_dot() or bfloat16_dot(); once all is lowered,
// a pass makes them tile instructions.

/** Fewer rows of a batch, half a tile, are multiplied one by one. */
constexpr int kFewestTileRows = 8;
/** Rows of a batch of which inputs lie on the stack as bytes, and how many bytes these are at most. */
constexpr int64_t kMostTileRows = 128, kMostTileBytes = 1 << 19;

namespace tile_loops {
/** Within a tile: the 8 lanes of a word, the halves of a pair of words, its rows; its 16
 * outputs are a vector. */
inline const Halide::RVar bit("tile_bit"), half("tile_half");
inline const Halide::Var row("tile_row");
/** Around it, inside out: tiles of outputs, tiles of rows, and the steps of 16 lanes of inputs. */
inline const Halide::Var outputs("tile_outputs"), rows("tile_rows");
inline const Halide::RVar step("tile_step");
}  // namespace tile_loops

/** Makes a pipeline multiply by tile instructions where loops have the names above. */
void lower_tiles(Halide::Pipeline &pipeline);

}  // namespace quantide
