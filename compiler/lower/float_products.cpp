#include "compiler/lower/float_products.h"

#include "compiler/base/integers.h"
#include "compiler/lower/window.h"
#include "schedules/markers.h"

namespace quantide {

using Halide::cast;
using Halide::Expr;
using Halide::Func;
using Halide::RDom;
using Halide::Var;

Expr code_in_panels(GroupLowering &group, ValueId weights, const Expr &lane, const Expr &channel,
                    const Expr &tap, const Expr &panel) {
    const Value &w = group.graph.value(weights);
    const Func words = group.words(weights);
    const Expr at = tap * static_cast<int>(divide_up(w.shape[1], 32)) + channel / 32;
    return code_in_words(w, channel % 32, [&](const Expr &i) {
        return words(lane, word_of_plane(at, w.type.bits, i), panel);
    });
}

Expr weight_at(GroupLowering &group, ValueId weights, const Expr &lane, const Expr &channel, const Expr &tap,
               const Expr &panel) {
    const Value &w = group.graph.value(weights);
    const int depth = static_cast<int>(w.shape[1]);
    if (packs_bits(w.type, w.layout) && w.layout == Layout::OutputPanels) {
        return number_of(w, code_in_panels(group, weights, lane, channel, tap, panel));
    }
    if (w.layout == Layout::OutputPanels) {
        return number_of(w, group.operand(weights)(lane, tap * depth + channel, panel));
    }
    const Expr output = Halide::min(32 * panel + lane, static_cast<int>(w.shape[0]) - 1);
    if (w.shape.size() == 2) {
        return number_of(w, group.elements(weights)(channel, output));
    }
    const int width = static_cast<int>(w.shape[3]);
    return number_of(w, group.elements(weights)(channel, tap % width, tap / width, output));
}

Func sum_over_taps(GroupLowering &group, const Window &window, int channels, int64_t outputs,
                   const Expr &zero, const ImageAt &image, const TapStep &step) {
    const int width = static_cast<int>(window.kernel[1]), height = static_cast<int>(window.kernel[0]);
    group.kernel.n = outputs;
    group.kernel.channels = channels;
    group.kernel.k = int64_t{channels} * width * height;
    const Var lane("lane"), panel("panel"), c("c"), x("x"), y("y"), n("n");
    const RDom r({{0, channels}, {0, width}, {0, height}}, "tap");
    Func accumulate("accumulate"), sum("conv2d");
    accumulate(lane, x, y, n, panel) = zero;
    accumulate(lane, x, y, n, panel) =
        step(accumulate(lane, x, y, n, panel),
             image(r.x, input_of(window, 1, x, r.y), input_of(window, 0, y, r.z)),
             (r.z * width + r.y) * channels + r.x);
    group.stage("accumulate", accumulate);
    sum(c, x, y, n) = from_panels(accumulate, c, {x, y, n}, outputs);
    return sum;
}

Func convolve(GroupLowering &group, const Window &window, int channels, int64_t outputs, const ImageAt &image,
              const Func &weights) {
    group.kernel.family = "conv2d/f32";
    const Var lane("lane"), panel("panel");
    return sum_over_taps(group, window, channels, outputs, 0.0F, image,
                         [&](const Expr &sum, const Expr &element, const Expr &k) {
                             return fused_multiply_add(element, weights(lane, k, panel), sum);
                         });
}

}  // namespace quantide
