#include "compiler/base/integers.h"
#include "compiler/lower/op_table.h"
#include "compiler/lower/signed_sums.h"
#include "compiler/lower/window.h"

namespace quantide {

using Halide::cast;
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

/** dw[o, tap, c] = sum dy[o, position] x[c, position + tap] in panels: outputs are lanes. What a block of
 * rows of an image adds is made in registers. */
class WeightGradient {
public:
    WeightGradient(GroupLowering &lowering, const Node &of)
        : group(lowering),
          node(of),
          out(group.graph.value(of.inputs[0])),
          in(group.graph.value(of.inputs[1])),
          window(Window::of(of, of.extents("kernel"))),
          outputs(static_cast<int>(out.shape[1])),
          depth(static_cast<int>(in.shape[1])),
          width(static_cast<int>(window.kernel[1])),
          rows(rows_of_block(out.shape[2], out.shape[3])) {
        terms(lane, x, y, n, panel) = term(x, y, n);
        group.stage("terms", terms);
    }

    // Multiply-adds of dy and the numbers of the image.
    void of_floats(const Func &image) {
        const RDom r({{0, static_cast<int>(out.shape[3])}, {0, rows}}, "position");
        const Expr row = block * rows + r.y, tap = k / depth;
        partial(lane, k, panel, block, n) = 0.0F;
        partial(lane, k, panel, block, n) +=
            terms(lane, r.x, row, n, panel) *
            image(k % depth, input_of(window, 1, r.x, tap % width), input_of(window, 0, row, tap / width), n);
        group.stage("padded", image);
        finish([](const Expr &sum) { return sum; });
    }

    // For signs what differs between inputs and taps is only which sums of gradients are added: tables of
    // those of four neighbours. The padding is read as -1, which is taken back.
    void of_signs() {
        const IntegerView view = integer_view(in.encoding);
        const int columns = static_cast<int>(in.shape[3]), height = static_cast<int>(in.shape[2]);
        const int groups = static_cast<int>(divide_up(out.shape[3], kTermsPerTable));
        const Func words = group.words(node.inputs[1]);
        const Var entry("entry"), four("group"), bit("bit"), word("word"), tap("tap");
        Func tables("tables"), signs("signs"), outside("outside");
        tables(lane, entry, four, y, n, panel) =
            signed_sum(entry, [&](int b) { return terms(lane, kTermsPerTable * four + b, y, n, panel); });
        signs(bit, word, x, four, y, n) = sign_code([&](int b) -> Expr {
            const Expr ix = input_of(window, 1, kTermsPerTable * four + b, x);
            const Expr inside = ix >= 0 && ix < columns && y >= 0 && y < height;
            const Expr at =
                words(word, Halide::clamp(ix, 0, columns - 1), Halide::clamp(y, 0, height - 1), n);
            return Halide::select(inside, at >> cast<uint32_t>(bit), cast<uint32_t>(0));
        });
        const RDom r({{0, groups}, {0, rows}}, "position");
        const Expr row = block * rows + r.y, column_tap = k / depth % width, row_tap = k / depth / width;
        const Expr code =
            signs(k % depth % 32, k % depth / 32, column_tap, r.x, input_of(window, 0, row, row_tap), n);
        partial(lane, k, panel, block, n) = 0.0F;
        partial(lane, k, panel, block, n) += tables(lane, entry_of(code), r.x, row, n, panel);
        group.stage("tables", tables);
        group.stage("signs", signs);
        if (!window.has_padding()) {
            finish([&](const Expr &sum) { return sum * view.scale; });
            return;
        }
        const RDom all({{0, static_cast<int>(out.shape[3])},
                        {0, static_cast<int>(out.shape[2])},
                        {0, static_cast<int>(out.shape[0])}},
                       "position");
        const Expr ix = input_of(window, 1, all.x, tap % width), iy = input_of(window, 0, all.y, tap / width);
        const Expr inside = ix >= 0 && ix < columns && iy >= 0 && iy < height;
        outside(lane, tap, panel) = 0.0F;
        outside(lane, tap, panel) += Halide::select(inside, 0.0F, term(all.x, all.y, all.z));
        group.stage("outside", outside);
        const float pad = static_cast<float>(node.real("pad_value"));
        finish([&](const Expr &sum) {
            return sum * view.scale + outside(lane, k / depth, panel) * (view.scale + pad);
        });
    }

private:
    /** dy of output 32 panel + lane; 0 beyond the last output and the last column. */
    Expr term(const Expr &column, const Expr &row, const Expr &image) {
        const Expr o = 32 * panel + lane, last = static_cast<int>(out.shape[3]) - 1;
        const Expr value = group.elements(node.inputs[0])(Halide::min(o, outputs - 1),
                                                          Halide::min(column, last), row, image);
        return Halide::select(o < outputs && column <= last, value, 0.0F);
    }

    void finish(const std::function<Expr(const Expr &)> &rescaled) {
        const int blocks = static_cast<int>(out.shape[2]) / rows;
        const RDom all({{0, blocks}, {0, static_cast<int>(out.shape[0])}}, "block");
        Func sum("sum"), product("product"), gradient("weight_gradient");
        sum(lane, k, panel) = 0.0F;
        sum(lane, k, panel) += partial(lane, k, panel, all.x, all.y);
        product(lane, k, panel) = rescaled(sum(lane, k, panel));
        gradient(c, x, y, n) = product(n % 32, (y * width + x) * depth + c, n / 32);
        group.stage("partial", partial);
        group.stage("sum", sum);
        group.stage("product", product);
        group.kernel.family =
            group.kernel.stages.count("tables") != 0 ? "conv2d_weight_gradient/a1" : "conv2d_weight_gradient";
        group.kernel.channels = depth;
        group.kernel.k = depth * window.kernel[0] * window.kernel[1];
        group.define(node.outputs[0], gradient);
    }

    GroupLowering &group;
    const Node &node;
    const Value &out, &in;
    const Window window;
    const int outputs, depth, width, rows;
    Func terms{"terms"}, partial{"partial"};
};

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
        WeightGradient gradient(group, node);
        is_sign(in.encoding) ? gradient.of_signs() : gradient.of_floats(image);
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
