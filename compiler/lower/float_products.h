#pragma once
#include "compiler/lower/group_lowering.h"
#include "compiler/ops/window.h"

namespace quantide {

/** The number of the weight of output 32 panel + lane at input `channel` of tap `tap` = row * width + column
 * of its kernel (0 for dense). What lies beyond the last output is any number. */
Halide::Expr weight_at(GroupLowering &group, ValueId weights, const Halide::Expr &lane,
                       const Halide::Expr &channel, const Halide::Expr &tap, const Halide::Expr &panel);

/** y(output, x, y, row), the convolution of image(channel, x, y, row), padded, by weights(lane, k, panel) of
 * k = tap * channels + channel: a chain of fused multiply-adds in ascending k. Makes the kernel one of
 * "conv2d/f32" with `outputs` outputs. */
Halide::Func convolve(GroupLowering &group, const Halide::Func &image, const Window &window, int channels,
                      const Halide::Func &weights, int64_t outputs);

}  // namespace quantide
