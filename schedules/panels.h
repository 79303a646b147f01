#pragma once
#include "schedules/schedule.h"

namespace quantide {

// What the schedules of products share: outputs in panels of 32 lanes, positions of images in tiles.

namespace loops {
/** Loops of those names, in any schedule. */
inline const Halide::Var lane("lane"), row("row"), panel("panel"), tile("tile"), inner("inner"),
    chunk("chunk"), strip("strip");
}  // namespace loops

/** The Func that plays `role` in a kernel; undefined if none does. */
Halide::Func find_stage(const Kernel &kernel, const std::string &role);

/** The rows of a batch of a dense product. */
Halide::Expr rows_of(const Kernel &kernel);

/** The outputs of a kernel in panels. */
struct Panels {
    int lanes = 32;
    Halide::Var loop;                       ///< over panels
    std::vector<Halide::VarOrRVar> inside;  ///< the loops over the outputs of a panel and, outside them,
                                            ///< `inner`: rows or positions
};

/** The loops over packed codes of a kernel's output: over 32 channels, and over the planes of those,
 * unrolled, where codes have several bits. */
struct PackLoops {
    Halide::Var words;
    std::vector<Halide::VarOrRVar> planes;
};
PackLoops split_planes(const Kernel &kernel, Halide::Func out);

/** Computes the stage "pack" at a loop of its consumer that has all planes of 32 channels inside. */
void schedule_pack(const Kernel &kernel, const Halide::Func &out, const Halide::Var &at);

/** Splits the outputs of a kernel into panels, packed or not, and computes "channel_scale" a panel. */
Panels schedule_panels(Kernel &kernel, const Tuning &tuning);

/** Splits the rows of a dense product into spans, of so many rows, whose panels pass one after another. */
int split_rows(const Kernel &kernel, const Panels &panels, const Tuning &tuning, int64_t most_rows);

/** Splits the rows of a dense product of bytes into spans, whose codes and their sums are made before the
 * panels pass; returns how many rows one has: at most `most_rows`, with `most_codes` bytes. Rows of its last
 * tile beyond the last row are not used. */
int schedule_spans(const Kernel &kernel, const Panels &panels, const Tuning &tuning, int64_t most_rows,
                   int64_t most_codes);

/** Vectorizes the stages "codes", of (bit, word, row), and "sum" of a dense product of bytes. */
void vectorize_codes(const Kernel &kernel, const Tuning &tuning);

/** Vectorizes the stage "weights", weights (lane, bit, digit, word, panel) that become bytes: the bits of a
 * word one after another in registers, which share work. */
void expand_in_registers(const Kernel &kernel, const Tuning &tuning);

/** Makes the lanes (bit, word, ...) of rows of tiles with all planes of a number at once. */
void schedule_row_lanes(const Kernel &kernel, Halide::Func lanes);

/** Computes the stages "image", an image of bytes, and, if there are such, "pixel" and "sum" at a loop of the
 * output. */
void schedule_image(const Kernel &kernel, const Halide::LoopLevel &at, Halide::MemoryType memory, int vector);

/** Makes tiles of an update that adds products of lanes: of its `rows` and the lanes of outputs, over the
 * `steps` lanes of a word, halves of a pair, and pairs of words; the loops `around` them, inside out. */
void split_tiles(Halide::Stage update, const std::vector<Halide::RVar> &steps, const Halide::Var &rows,
                 const Tuning &tuning, const std::vector<Halide::VarOrRVar> &around);

/** The stage "accumulate" by tiles, at a loop that has all of its rows for a panel: by 2 x 2 of them if
 * `many` holds (undefined: always). The stage "weights" becomes bytes for a block of steps before all rows
 * pass. */
void schedule_tiles(const Kernel &kernel, const Halide::LoopLevel &at, const Panels &panels,
                    const Tuning &tuning, const Halide::Expr &many);

/** The same by tiles of rows in registers, and row by row where `many` does not hold. */
void schedule_row_blocks(const Kernel &kernel, const Halide::LoopLevel &at, const Panels &panels,
                         const Tuning &tuning, const Halide::Expr &many);

/** Positions of a row of an image in one tile: at most `most`, so that the last tile overlaps the one before
 * as little as can be. */
int tile_width(int64_t width, int64_t most);

/** Computes the stage "padded", if there is one, an image or a row of the output (`n`, `y`) at a time, on the
 * stack. */
void schedule_padding(const Kernel &kernel, const Halide::Var &y, const Halide::Var &n, int vector);

/** Computes the stage "product", the gradient of a convolution's weights in panels, at a loop of its
 * consumer. */
void schedule_conv_weight_gradient_at(const Kernel &kernel, const Halide::LoopLevel &at);

/** Computes the sums of the operands of a gradient of weights, if there are such, before all else. */
void schedule_operand_sums(const Kernel &kernel);

}  // namespace quantide
