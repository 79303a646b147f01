#pragma once
#include "compiler/lower/group_lowering.h"
#include "compiler/ops/rules.h"

namespace quantide {

/** The pixel along `axis` (0: rows, 1: columns) that tap `tap` of output `i` reads. */
Halide::Expr input_of(const Window &window, int axis, const Halide::Expr &i, const Halide::Expr &tap);

/** The output along `axis` whose tap `tap` reads pixel `i`, and whether there is one among `outputs`. */
struct OutputOf {
    Halide::Expr index, exists;
};
OutputOf output_of(const Window &window, int axis, const Halide::Expr &i, const Halide::Expr &tap,
                   int64_t outputs);

/** The domain of all rows of a batch of such vectors or images, and the coordinates of its element in
 * `channel`. */
Halide::RDom all_rows(const Shape &shape);
std::vector<Halide::Expr> at_row(const Halide::Expr &channel, const Halide::RDom &rows);

/** f(channel, x, y, row) with `outside` around an image of `shape` [N, C, H, W]. */
Halide::Func with_padding(const Halide::Func &f, const Shape &shape, const Window &window,
                          const Halide::Func &outside);

/** Names what with_padding() made of an image of `channels` (or words of channels) for the schedule: the
 * stage "padded". Does nothing without padding. */
void stage_padding(GroupLowering &group, Halide::Func padded, int64_t channels, const Shape &shape,
                   const Window &window);

/** Names an image of fields of `width` bits (bit, word, x, y, row) of a convolution for the schedule, the
 * stage "image", with its extents: `words` words of 32 fields a pixel, and what is around an image of
 * `shape`. */
void stage_fields(GroupLowering &group, Halide::Func image, int width, int words, const Shape &shape,
                  const Window &window);

/** The channels that the outputs of a convolution with groups read: of image(channel, x, y, row), padded,
 * channel `channel` of the group of output 32 panel + lane, as gathered(lane, x, y, row, channel, panel); the
 * stage "padded". A group has `channels` channels and `outputs` of all `all_outputs` outputs. */
Halide::Func gather_groups(GroupLowering &group, const Halide::Func &image, int channels, int outputs,
                           int64_t all_outputs, const Shape &shape, const Window &window);

/** Where an operand of a number a channel (and kind of position) keeps that of a value's element; see
 * check_channel_operand. `args` are the value's coordinates. */
std::vector<Halide::Expr> channel_operand(const Node &node, const Value &x,
                                          const std::vector<Halide::Var> &args);

}  // namespace quantide
