#include "compiler/lower/float_products.h"
#include "compiler/lower/op_table.h"
#include "compiler/lower/window.h"
#include "schedules/markers.h"

namespace quantide {

using Halide::Expr;
using Halide::Func;
using Halide::RDom;
using Halide::Var;

namespace {

const Var lane("lane"), panel("panel"), k("k"), c("c"), x("x"), y("y"), n("n");

/** Whether the gradient is a convolution of dy: by the weights turned round, with inputs as outputs. */
bool is_convolution(const Window &window, int64_t groups) {
    bool result = groups == 1;
    for (size_t a = 0; a < 2; ++a) {
        const int64_t reach = window.dilations[a] * (window.kernel[a] - 1);
        result = result && window.strides[a] == 1 && window.pads[a] <= reach && window.pads[a + 2] <= reach;
    }
    return result;
}

void convolution(GroupLowering &group, const Node &node, const Window &forward) {
    const Value &dy = group.graph.value(node.inputs[0]), &w = group.graph.value(node.inputs[1]);
    const int outputs = static_cast<int>(w.shape[0]), inputs = static_cast<int>(w.shape[1]);
    const int height = static_cast<int>(w.shape[2]), width = static_cast<int>(w.shape[3]);
    Window window = forward;
    for (size_t i = 0; i < 4; ++i) {
        window.pads[i] = window.dilations[i % 2] * (window.kernel[i % 2] - 1) - window.pads[i];
    }
    Kernel &kernel = group.kernel;
    kernel.family = "conv2d/f32";
    kernel.n = inputs;
    kernel.channels = outputs;
    kernel.k = int64_t{outputs} * height * width;
    kernel.m = dy.shape[0];
    Func outside("outside"), weights("weights"), accumulate("accumulate"), dx("input_gradient");
    outside(k) = 0.0F;
    const Func image = with_padding(group.elements(node.inputs[0]), dy.shape, window, outside);
    stage_padding(group, image, outputs, dy.shape, window);
    const Expr output = k % outputs, tap = height * width - 1 - k / outputs;
    weights(lane, k, panel) = weight_at(group, node.inputs[1], output % 32,
                                        Halide::min(32 * panel + lane, inputs - 1), tap, output / 32);
    group.stage("weights", weights);
    const RDom r({{0, outputs}, {0, width}, {0, height}}, "tap");
    accumulate(lane, x, y, n, panel) = 0.0F;
    accumulate(lane, x, y, n, panel) = fused_multiply_add(
        image(r.x, input_of(window, 1, x, r.y), input_of(window, 0, y, r.z), n),
        weights(lane, (r.z * width + r.y) * outputs + r.x, panel), accumulate(lane, x, y, n, panel));
    group.stage("accumulate", accumulate);
    dx(c, x, y, n) = from_panels(accumulate, c, {x, y, n}, kernel.n);
    group.define(node.outputs[0], dx);
}

}  // namespace

void lower_conv2d_input_gradient(GroupLowering &group, const Node &node) {
    const Value &out = group.graph.value(node.inputs[0]), &weights = group.graph.value(node.inputs[1]);
    const Window window = Window::of(node, {weights.shape[2], weights.shape[3]});
    const int64_t groups = node.integer("groups");
    if (is_convolution(window, groups)) {
        convolution(group, node, window);
        return;
    }
    const Func dy = group.elements(node.inputs[0]), w = group.elements(node.inputs[1]);
    const int depth = static_cast<int>(weights.shape[1]);
    const int outputs = static_cast<int>(weights.shape[0] / groups);
    const RDom r(
        {{0, outputs}, {0, static_cast<int>(weights.shape[3])}, {0, static_cast<int>(weights.shape[2])}},
        "tap");
    const OutputOf column = output_of(window, 1, x, r.y, out.shape[3]),
                   row = output_of(window, 0, y, r.z, out.shape[2]);
    const Expr o = c / depth * outputs + r.x;
    const Expr term = dy(o, column.index, row.index, n) * number_of(weights, w(c % depth, r.y, r.z, o));
    Func dx("product");
    dx(c, x, y, n) = 0.0F;
    dx(c, x, y, n) += Halide::select(column.exists && row.exists, term, 0.0F);
    group.stage("product", dx);
    group.kernel.family = "window_gradient";
    group.define(node.outputs[0], dx);
}

}  // namespace quantide
