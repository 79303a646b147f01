#include "compiler/lower/op_table.h"
#include "compiler/lower/window.h"

namespace quantide {

using Halide::Expr;
using Halide::Func;
using Halide::RDom;
using Halide::Var;

namespace {

/** Positions whose products are summed in registers before the sum goes to memory. */
constexpr int64_t kFewestPositions = 64;

const Var lane("lane"), panel("panel"), block("block"), k("k"), c("c"), x("x"), y("y"), n("n");

/** The rows of an image [H, W] that make a block of positions: a divisor of H. */
int rows_of_block(int64_t height, int64_t width) {
    for (int64_t rows = 1; rows < height; ++rows) {
        if (height % rows == 0 && rows * width >= kFewestPositions) {
            return static_cast<int>(rows);
        }
    }
    return static_cast<int>(height);
}

// dw[o, tap, c] = sum dy[o, position] x[c, position + tap]. In panels outputs are lanes; the sums of a block
// of rows of an image are added to those before.
void in_panels(GroupLowering &group, const Node &node, const Window &window, const Func &image) {
    const Value &out = group.graph.value(node.inputs[0]), &in = group.graph.value(node.inputs[1]);
    const int depth = static_cast<int>(in.shape[1]), outputs = static_cast<int>(out.shape[1]);
    const int width = static_cast<int>(window.kernel[1]);
    const int rows = rows_of_block(out.shape[2], out.shape[3]);
    const int blocks = static_cast<int>(out.shape[2]) / rows;
    const Func dy = group.elements(node.inputs[0]);
    Func terms("terms"), partial("partial"), product("product"), gradient("weight_gradient");
    const Expr o = 32 * panel + lane;
    terms(lane, x, y, n, panel) =
        outputs % 32 == 0 ? Expr(dy(o, x, y, n))
                          : Halide::select(o < outputs, dy(Halide::min(o, outputs - 1), x, y, n), 0.0F);
    const RDom r({{0, static_cast<int>(out.shape[3])}, {0, rows}}, "position");
    const Expr row = block * rows + r.y, tap = k / depth;
    partial(lane, k, panel, block, n) = 0.0F;
    partial(lane, k, panel, block, n) +=
        terms(lane, r.x, row, n, panel) *
        image(k % depth, input_of(window, 1, r.x, tap % width), input_of(window, 0, row, tap / width), n);
    const RDom all({{0, blocks}, {0, static_cast<int>(out.shape[0])}}, "block");
    product(lane, k, panel) = 0.0F;
    product(lane, k, panel) += partial(lane, k, panel, all.x, all.y);
    gradient(c, x, y, n) = product(n % 32, (y * width + x) * depth + c, n / 32);
    group.stage("terms", terms);
    group.stage("partial", partial);
    group.stage("product", product);
    group.kernel.family = "conv2d_weight_gradient";
    group.kernel.channels = depth;
    group.kernel.k = depth * window.kernel[0] * window.kernel[1];
    group.define(node.outputs[0], gradient);
}

}  // namespace

void lower_conv2d_weight_gradient(GroupLowering &group, const Node &node) {
    const Value &out = group.graph.value(node.inputs[0]), &in = group.graph.value(node.inputs[1]);
    const Window window = Window::of(node, node.extents("kernel"));
    const int64_t groups = node.integer("groups");
    const Func elements = group.elements(node.inputs[1]);
    Func numbers("numbers"), outside("outside");
    numbers(elements.args()) = number_of(in, elements(elements.args()));
    outside(k) = static_cast<float>(node.real("pad_value"));
    const Func image = with_padding(numbers, in.shape, window, outside);
    if (groups == 1) {
        if (window.has_padding()) {
            group.stage("padded", image);
        } else {
            group.stage("padded", numbers);
        }
        in_panels(group, node, window, image);
        return;
    }
    const int depth = static_cast<int>(in.shape[1] / groups),
              outputs = static_cast<int>(out.shape[1] / groups);
    const Func dy = group.elements(node.inputs[0]);
    const RDom r = all_rows(out.shape);
    Func dw("product");
    dw(c, x, y, n) = 0.0F;
    dw(c, x, y, n) += dy(n, r.x, r.y, r.z) * image(n / outputs * depth + c, input_of(window, 1, r.x, x),
                                                   input_of(window, 0, r.y, y), r.z);
    group.stage("product", dw);
    group.kernel.family = "window_gradient";
    group.define(node.outputs[0], dw);
}

}  // namespace quantide
