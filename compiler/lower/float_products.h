#pragma once
#include "compiler/lower/group_lowering.h"
#include "compiler/ops/window.h"

#include <functional>

namespace quantide {

/** The code of a weight in OutputPanels: of output 32 panel + lane at input `channel` of tap `tap`. UInt(8).
 */
Halide::Expr code_in_panels(GroupLowering &group, ValueId weights, const Halide::Expr &lane,
                            const Halide::Expr &channel, const Halide::Expr &tap, const Halide::Expr &panel);

/** The number of the weight of output 32 panel + lane at input `channel` of tap `tap` = row * width + column
 * of its kernel (0 for dense). What lies beyond the last output is any number. */
Halide::Expr weight_at(GroupLowering &group, ValueId weights, const Halide::Expr &lane,
                       const Halide::Expr &channel, const Halide::Expr &tap, const Halide::Expr &panel);

/** What lane `lane` of panel `panel` multiplies: the element of channel `channel` (of those that its output
 * reads) at (x, y) of row `n`; Vars of those names. */
using ImageAt =
    std::function<Halide::Expr(const Halide::Expr &channel, const Halide::Expr &x, const Halide::Expr &y)>;

/** One step of a sum over taps: what `sum` becomes when the product of an image's element with weight `k` of
 * the lane joins. */
using TapStep =
    std::function<Halide::Expr(const Halide::Expr &sum, const Halide::Expr &element, const Halide::Expr &k)>;

/** y(output, x, y, row): from `zero`, the steps of all `channels` channels of every tap of a window in
 * ascending k = tap * channels + channel, outputs as lanes. Fills in the extents of a kernel of `outputs`
 * outputs. */
Halide::Func sum_over_taps(GroupLowering &group, const Window &window, int channels, int64_t outputs,
                           const Halide::Expr &zero, const ImageAt &image, const TapStep &step);

/** The convolution of float32 by weights(lane, k, panel), a chain of fused multiply-adds: a kernel
 * "conv2d/f32". */
Halide::Func convolve(GroupLowering &group, const Window &window, int channels, int64_t outputs,
                      const ImageAt &image, const Halide::Func &weights);

}  // namespace quantide
