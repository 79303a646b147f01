#include "compiler/lower/float_products.h"
#include "compiler/lower/op_table.h"
#include "compiler/lower/window.h"
#include "compiler/ops/conv.h"

namespace quantide {

using Halide::Expr;
using Halide::Func;
using Halide::Var;

namespace {

/** Of a panel of expanded weights, which lies on the stack. A larger one would leave L2, too: its weights are
 * expanded at each use, six tenths as fast. */
constexpr int64_t kMostWeightBytes = 5 << 16;

const Var lane("lane"), panel("panel"), k("k"), n("n");

}  // namespace

// Outputs are lanes, so the order of each sum is that of the taps. A tap that is omitted adds 0, which
// changes no sum that starts at 0.
void lower_conv2d(GroupLowering &group, const Node &node) {
    const ConvOperands conv = check_conv(group.graph, node);
    const int depth = static_cast<int>(conv.w->shape[1]);
    const int outputs = static_cast<int>(conv.w->shape[0] / conv.groups);
    group.kernel.m = group.options.batch.value_or(0);
    const Func elements = group.elements(node.inputs[0]);
    Func numbers("numbers"), outside("outside"), weights("weights");
    numbers(elements.args()) = number_of(*conv.x, elements(elements.args()));
    outside(k) = static_cast<float>(node.real("pad_value"));
    const Func image = with_padding(numbers, conv.x->shape, conv.window, outside);
    weights(lane, k, panel) = weight_at(group, node.inputs[1], lane, k % depth, k / depth, panel);
    const int64_t in_panel = 32 * depth * conv.window.kernel[0] * conv.window.kernel[1];
    const bool expanded = !conv.w->encoding.plain() || conv.w->layout != Layout::OutputPanels;
    if (expanded && in_panel * int64_t{sizeof(float)} <= kMostWeightBytes) {
        group.stage("weights", weights);
    }
    ImageAt at;
    if (conv.groups > 1 && outputs % 32 != 0) {
        const Func gathered =
            gather_groups(group, image, depth, outputs, conv.w->shape[0], conv.x->shape, conv.window);
        at = [=](const Expr &channel, const Expr &x, const Expr &y) {
            return gathered(lane, x, y, n, channel, panel);
        };
    } else {
        stage_padding(group, image, conv.x->shape[1], conv.x->shape, conv.window);
        const Expr first = conv.groups > 1 ? panel / (outputs / 32) * depth : Expr(0);
        at = [=](const Expr &channel, const Expr &x, const Expr &y) {
            return image(first + channel, x, y, n);
        };
    }
    group.define(node.outputs[0], convolve(group, conv.window, depth, conv.w->shape[0], at, weights));
}

}  // namespace quantide
