#include "compiler/lower/float_products.h"
#include "compiler/lower/op_table.h"
#include "compiler/lower/window.h"
#include "compiler/ops/conv.h"
#include "schedules/markers.h"

namespace quantide {

using Halide::Func;
using Halide::RDom;
using Halide::Var;

namespace {

/** Of a panel of expanded weights, which lies on the stack. A larger one would leave L2, too: its weights are
 * expanded at each use, six tenths as fast. */
constexpr int64_t kMostWeightBytes = 5 << 16;

const Var lane("lane"), panel("panel"), k("k"), c("c"), x("x"), y("y"), n("n");

/** Element by element, channels as lanes. */
Func grouped(GroupLowering &group, const Node &node, const ConvOperands &conv, const Func &image) {
    const int depth = static_cast<int>(conv.w->shape[1]), width = static_cast<int>(conv.window.kernel[1]),
              height = static_cast<int>(conv.window.kernel[0]);
    const int outputs = static_cast<int>(conv.w->shape[0] / conv.groups);
    group.kernel.family = "conv2d/f32/grouped";
    group.kernel.n = conv.w->shape[0];
    group.kernel.channels = depth;
    group.kernel.k = int64_t{depth} * width * height;
    const Func w = group.elements(node.inputs[1]);
    const RDom r({{0, depth}, {0, width}, {0, height}}, "tap");
    Func accumulate("accumulate");
    accumulate(c, x, y, n) = 0.0F;
    accumulate(c, x, y, n) = fused_multiply_add(
        image(c / outputs * depth + r.x, input_of(conv.window, 1, x, r.y), input_of(conv.window, 0, y, r.z),
              n),
        number_of(*conv.w, w(r.x, r.y, r.z, Halide::min(c, static_cast<int>(conv.w->shape[0]) - 1))),
        accumulate(c, x, y, n));
    group.stage("accumulate", accumulate);
    return accumulate;
}

}  // namespace

// Outputs are lanes, so the order of each sum is that of the taps. A tap that is omitted adds 0, which
// changes no sum that starts at 0.
void lower_conv2d(GroupLowering &group, const Node &node) {
    const ConvOperands conv = check_conv(group.graph, node);
    group.kernel.m = group.options.batch.value_or(0);
    const Func elements = group.elements(node.inputs[0]);
    Func numbers("numbers"), outside("outside");
    numbers(elements.args()) = number_of(*conv.x, elements(elements.args()));
    outside(k) = static_cast<float>(node.real("pad_value"));
    const Func image = with_padding(numbers, conv.x->shape, conv.window, outside);
    stage_padding(group, image, conv.x->shape[1], conv.x->shape, conv.window);
    if (conv.groups > 1) {
        group.define(node.outputs[0], grouped(group, node, conv, image));
        return;
    }
    const int depth = static_cast<int>(conv.w->shape[1]);
    Func weights("weights");
    weights(lane, k, panel) = weight_at(group, node.inputs[1], lane, k % depth, k / depth, panel);
    const int64_t in_panel = 32 * depth * conv.window.kernel[0] * conv.window.kernel[1];
    if (!conv.w->encoding.plain() && in_panel * int64_t{sizeof(float)} <= kMostWeightBytes) {
        group.stage("weights", weights);
    }
    group.define(node.outputs[0], convolve(group, image, conv.window, depth, weights, conv.w->shape[0]));
}

}  // namespace quantide
