#include "compiler/lower/float_products.h"
#include "compiler/lower/op_table.h"
#include "compiler/lower/window.h"
#include "compiler/ops/conv.h"
#include "schedules/markers.h"

namespace quantide {

using Halide::Expr;
using Halide::Func;
using Halide::RDom;
using Halide::Var;

namespace {

/** Of a panel of expanded weights, which lies on the stack. A larger one would leave L2, too: its weights are
 * expanded at each use, six tenths as fast. */
constexpr int64_t kMostWeightBytes = 5 << 16;

const Var lane("lane"), panel("panel"), k("k"), c("c"), x("x"), y("y"), n("n");

/** Element by element, channels as lanes. */
Func grouped(GroupLowering &group, const Node &node, const ConvOperands &conv, const Func &image,
             const RDom &r) {
    const int depth = static_cast<int>(conv.w->shape[1]);
    const int outputs = static_cast<int>(conv.w->shape[0] / conv.groups);
    const Func w = group.elements(node.inputs[1]);
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
    const int depth = static_cast<int>(conv.w->shape[1]), width = static_cast<int>(conv.window.kernel[1]),
              height = static_cast<int>(conv.window.kernel[0]);
    Kernel &kernel = group.kernel;
    kernel.n = conv.w->shape[0];
    kernel.k = int64_t{depth} * width * height;
    kernel.channels = depth;
    kernel.m = group.options.batch.value_or(0);
    kernel.family = conv.groups > 1 ? "conv2d/f32/grouped" : "conv2d/f32";
    const Func elements = group.elements(node.inputs[0]);
    Func numbers("numbers"), outside("outside"), accumulate("accumulate"), sum("conv2d");
    numbers(elements.args()) = number_of(*conv.x, elements(elements.args()));
    outside(k) = static_cast<float>(node.real("pad_value"));
    const Func image = with_padding(numbers, conv.x->shape, conv.window, outside);
    stage_padding(group, image, conv.x->shape[1], conv.x->shape, conv.window);
    const RDom r({{0, depth}, {0, width}, {0, height}}, "tap");
    if (conv.groups > 1) {
        group.define(node.outputs[0], grouped(group, node, conv, image, r));
        return;
    }
    Func weights("weights");
    weights(lane, k, panel) = weight_at(group, node.inputs[1], lane, k % depth, k / depth, panel);
    if (!conv.w->encoding.plain() && 32 * kernel.k * int64_t{sizeof(float)} <= kMostWeightBytes) {
        group.stage("weights", weights);
    }
    accumulate(lane, x, y, n, panel) = 0.0F;
    accumulate(lane, x, y, n, panel) = fused_multiply_add(
        image(r.x, input_of(conv.window, 1, x, r.y), input_of(conv.window, 0, y, r.z), n),
        weights(lane, (r.z * width + r.y) * depth + r.x, panel), accumulate(lane, x, y, n, panel));
    sum(c, x, y, n) = from_panels(accumulate, c, {x, y, n}, kernel.n);
    group.stage("accumulate", accumulate);
    group.define(node.outputs[0], sum);
}

}  // namespace quantide
