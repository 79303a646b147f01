#include "compiler/base/integers.h"
#include "compiler/lower/gradient_bytes.h"
#include "compiler/lower/gradient_dots.h"
#include "compiler/lower/gradient_planes.h"
#include "compiler/lower/op_table.h"
#include "compiler/lower/position_dots.h"
#include "compiler/lower/signed_sums.h"
#include "compiler/lower/window.h"
#include "compiler/ops/conv.h"
#include "schedules/markers.h"

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

/** The images that a product with codes reads: their integers, around them what the padding counts. */
Func integer_image(GroupLowering &group, const Node &node) {
    const Value &in = group.graph.value(node.inputs[1]);
    const IntegerView view = integer_view(in.encoding);
    const int columns = static_cast<int>(in.shape[3]), height = static_cast<int>(in.shape[2]);
    const Expr inside = x >= 0 && x < columns && y >= 0 && y < height;
    const Expr code = group.elements(node.inputs[1])(c, Halide::clamp(x, 0, columns - 1),
                                                     Halide::clamp(y, 0, height - 1), n);
    Func image("image");
    image(c, x, y, n) = Halide::select(inside, integer_of(view, code), padding_integer(node, in));
    return image;
}

/** dw[o, tap, c] = sum dy[o, position] x[c, position + tap] in panels: outputs are lanes. What a block of
 * rows of an image adds is made in registers. */
class WeightGradient {
public:
    WeightGradient(GroupLowering &lowering, const Node &of)
        : group(lowering),
          node(of),
          dy(lowering, of),
          out(group.graph.value(of.inputs[0])),
          in(group.graph.value(of.inputs[1])),
          window(Window::of(of, of.extents("kernel"))),
          outputs(static_cast<int>(out.shape[1])),
          depth(static_cast<int>(in.shape[1])),
          width(static_cast<int>(window.kernel[1])),
          rows(rows_of_block(out.shape[2], out.shape[3], kFewestPositions)) {}

    // Multiply-adds of dy and the numbers of the image.
    void of_floats(const Func &image) {
        terms(lane, x, y, n, panel) = term(x, y, n);
        const RDom r({{0, static_cast<int>(out.shape[3])}, {0, rows}}, "position");
        const Expr row = block * rows + r.y, tap = k / depth;
        partial(lane, k, panel, block, n) = 0.0F;
        partial(lane, k, panel, block, n) +=
            terms(lane, r.x, row, n, panel) *
            image(k % depth, input_of(window, 1, r.x, tap % width), input_of(window, 0, row, tap / width), n);
        group.stage("padded", image);
        finish(Halide::Float(32), [](const Expr &sum) { return sum; });
    }

    // Multiply-adds of integers: neighbouring columns are pairs where they can be.
    void of_integers() {
        const int64_t largest = largest_integer(integer_view(in.encoding)), positions = out.shape[3] * rows;
        const Halide::Type part = dy.total_type(positions, largest), total = total_of(largest);
        const bool pairs = dy.has_pairs(part);
        const int step = pairs ? 2 : 1, stride = static_cast<int>(window.strides[1]);
        const Func image = integer_image(group, node);
        Func words("words");
        terms(lane, x, y, n, panel) =
            pairs ? pair_word(term(2 * x, y, n), term(2 * x + 1, y, n)) : cast<int32_t>(term(x, y, n));
        words(c, x, y, n) =
            pairs ? pair_word(image(c, x, y, n), image(c, x + stride, y, n)) : image(c, x, y, n);
        const RDom r({{0, static_cast<int>(divide_up(out.shape[3], step))}, {0, rows}}, "position");
        const Expr row = block * rows + r.y, tap = k / depth;
        const Expr a = terms(lane, r.x, row, n, panel),
                   b = words(k % depth, input_of(window, 1, step * r.x, tap % width),
                             input_of(window, 0, row, tap / width), n);
        partial(lane, k, panel, block, n) = cast(part, 0);
        const Expr before = partial(lane, k, panel, block, n);
        partial(lane, k, panel, block, n) =
            pairs ? short_dot(before, a, b) : before + cast(part, a) * cast(part, b);
        group.stage("padded", words);
        finish(total, [&](const Expr &sum) { return rescaled(sum, integer_view(in.encoding), total); });
    }

    // The same of bytes: integers of the image count from the least on, so that none is below 0.
    void of_bytes(const Schedule &schedule) {
        const IntegerView view = integer_view(in.encoding);
        const int least = static_cast<int>(std::min<int64_t>(view.min(), padding_integer(node, in)));
        const GradientBytes signed_bytes(dy);
        const Func integers = integer_image(group, node);
        PositionOperands operands{window, out.shape, in.shape};
        operands.number = [&](const Expr &column, const Expr &channel, const Expr &row, const Expr &image) {
            return cast<uint8_t>(integers(channel, column, row, image) - least);
        };
        operands.gradient = [&](const Expr &column, const Expr &row, const Expr &image, const Expr &) {
            return signed_bytes(dy.codes(output(), column, row, image));
        };
        // Sums that leave 32 bits on the way come back.
        const Halide::Type total = total_of(largest_integer(view)),
                           wide = total.bits() == 32 ? Halide::UInt(32) : total;
        const PositionDots dots = schedule.tuning.tiles ? dots_by_tiles(group, operands, {})
                                                        : dots_by_columns(group, operands, wide);
        Func product("product");
        Expr sum = cast(wide, dots.sums(lane, k % depth, k / depth, panel));
        if (dy.has_zero()) {
            sum -= cast(wide, signed_bytes.zero) * sum_of_numbers(dots.number, wide)(k % depth, k / depth);
        }
        if (least != 0) {
            Func row_sums("row_sums");
            const RDom at = all_rows(out.shape);
            row_sums(lane, panel) = cast(wide, 0);
            row_sums(lane, panel) += cast(wide, term(at.x, at.y, at.z));
            group.stage("row_sums", row_sums);
            sum += cast(wide, least) * row_sums(lane, panel);
        }
        product(lane, k, panel) = rescaled(cast(total, sum), view, total);
        define(dots.sums, product);
        group.kernel.family = schedule.family;
    }

    // The same of bfloat16 numbers.
    void of_planes(const Schedule &schedule) {
        const TileNumbers numbers = planes_of_gradient(node);
        const Func integers = integer_image(group, node);
        PositionOperands operands{window, out.shape, in.shape};
        operands.number = [&](const Expr &column, const Expr &channel, const Expr &row, const Expr &image) {
            const Expr integer = cast<float>(integers(channel, column, row, image));
            return cast<uint16_t>(bfloat16_of(integer));
        };
        operands.gradient = [&](const Expr &column, const Expr &row, const Expr &image, const Expr &plane) {
            const Expr value = dy.elements(output(), column, row, image);
            return bfloat16_plane(value, plane, numbers.weight_planes);
        };
        const PositionDots dots = dots_by_tiles(group, operands, numbers);
        Func product("product");
        product(lane, k, panel) = rescaled(dots.sums(lane, k % depth, k / depth, panel),
                                           integer_view(in.encoding), Halide::Float(32));
        define(dots.sums, product);
        group.kernel.family = schedule.family;
    }

    // For signs what differs between inputs and taps is only which sums of gradients are added: tables of
    // those of four neighbours. The padding is read as -1, which is taken back.
    void of_signs() {
        const IntegerView view = integer_view(in.encoding);
        const int columns = static_cast<int>(in.shape[3]), height = static_cast<int>(in.shape[2]);
        const int groups = static_cast<int>(divide_up(out.shape[3], kTermsPerTable));
        const Func words = group.words(node.inputs[1]);
        const Halide::Type narrow = dy.sum_type(int64_t{kTermsPerTable} * groups * rows), total = total_of(1);
        const Var entry("entry"), four("group"), bit("bit"), word("word");
        Func tables("tables"), signs("signs");
        terms(lane, x, y, n, panel) = cast(narrow, term(x, y, n));
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
        partial(lane, k, panel, block, n) = cast(narrow, 0);
        partial(lane, k, panel, block, n) += tables(lane, entry_of(code), r.x, row, n, panel);
        group.stage("tables", tables);
        group.stage("signs", signs);
        if (!window.has_padding()) {
            finish(total, [&](const Expr &sum) { return dy.rescaled(sum, view.scale); });
            return;
        }
        const Func outside = sum_where(total, [](const Expr &inside) { return !inside; });
        if (dy.has_codes()) {
            const int counts = 1 + padding_integer(node, in);
            finish(total, [&](const Expr &sum) {
                return dy.rescaled(sum + cast(total, counts) * outside(lane, k / depth, panel), view.scale);
            });
            return;
        }
        const float pad = static_cast<float>(node.real("pad_value"));
        finish(total, [&](const Expr &sum) {
            return dy.rescaled(sum, view.scale) +
                   dy.rescaled(outside(lane, k / depth, panel), view.scale + pad);
        });
    }

private:
    Expr output() const {
        const Expr o = 32 * panel + lane;
        return outputs % 32 == 0 ? o : Halide::min(o, outputs - 1);
    }

    /** dy of output 32 panel + lane; 0 beyond the last output and the last column. */
    Expr term(const Expr &column, const Expr &row, const Expr &image) {
        const Expr o = 32 * panel + lane, last = static_cast<int>(out.shape[3]) - 1;
        const Expr value = dy.elements(Halide::min(o, outputs - 1), Halide::min(column, last), row, image);
        return Halide::select(o < outputs && column <= last, value, cast(value.type(), 0));
    }

    /** The type of a whole sum of products with integers of at most `largest`. */
    Halide::Type total_of(int64_t largest) const {
        return dy.total_type(out.shape[0] * out.shape[2] * round_up(out.shape[3], kTermsPerTable), largest);
    }

    /** The sum of dy over the positions at which a tap (lane, tap, panel) counts, given whether it lies
     * inside the image: of sums over all images, the stages "position_sums" and "outside". */
    Func sum_where(Halide::Type total, const std::function<Expr(const Expr &inside)> &counts) {
        const Var tap("tap");
        const int columns = static_cast<int>(in.shape[3]), height = static_cast<int>(in.shape[2]);
        const RDom image(0, static_cast<int>(out.shape[0]), "image"),
            at({{0, static_cast<int>(out.shape[3])}, {0, static_cast<int>(out.shape[2])}}, "position");
        const Halide::Type of_images = dy.total_type(out.shape[0]);
        Func positions("position_sums"), sum("outside");
        positions(lane, x, y, panel) = cast(of_images, 0);
        positions(lane, x, y, panel) += cast(of_images, term(x, y, image));
        const Expr ix = input_of(window, 1, at.x, tap % width), iy = input_of(window, 0, at.y, tap / width);
        const Expr inside = ix >= 0 && ix < columns && iy >= 0 && iy < height;
        sum(lane, tap, panel) = cast(total, 0);
        sum(lane, tap, panel) +=
            Halide::select(counts(inside), cast(total, positions(lane, at.x, at.y, panel)), cast(total, 0));
        group.stage("position_sums", positions);
        group.stage("outside", sum);
        return sum;
    }

    /** The sum of an image's numbers that a tap of a channel reads, (c, tap): the stages
     * "number_totals" and "number_sums". */
    Func sum_of_numbers(const PositionOperands::NumberAt &number, Halide::Type total) {
        const Var tap("tap");
        const RDom image(0, static_cast<int>(out.shape[0]), "image"),
            at({{0, static_cast<int>(out.shape[3])}, {0, static_cast<int>(out.shape[2])}}, "position");
        Func totals("number_totals"), sums("number_sums");
        totals(x, c, y) = 0;
        totals(x, c, y) += cast<int32_t>(number(x, c, y, image));
        sums(c, tap) = cast(total, 0);
        sums(c, tap) += cast(
            total, totals(input_of(window, 1, at.x, tap % width), c, input_of(window, 0, at.y, tap / width)));
        group.stage("number_totals", totals);
        group.stage("number_sums", sums);
        return sums;
    }

    /** What an exact sum of products with integers stands for: where inputs are scale q + offset, the sum of
     * dy counts, too. */
    Expr rescaled(const Expr &sum, const IntegerView &view, Halide::Type total) {
        const Expr of_codes = dy.rescaled(sum, view.scale);
        if (view.offset == 0) {
            return of_codes;
        }
        const bool omitted = node.real("pad_value") == 0;
        const Func counted =
            sum_where(total, [&](const Expr &inside) { return omitted ? inside : Expr(true); });
        return Halide::strict_float(of_codes + dy.rescaled(counted(lane, k / depth, panel), view.offset));
    }

    void finish(Halide::Type total, const std::function<Expr(const Expr &)> &rescaled) {
        const int blocks = static_cast<int>(out.shape[2]) / rows;
        const RDom all({{0, blocks}, {0, static_cast<int>(out.shape[0])}}, "block");
        Func sum("sum"), product("product");
        sum(lane, k, panel) = cast(total, 0);
        sum(lane, k, panel) += cast(total, partial(lane, k, panel, all.x, all.y));
        product(lane, k, panel) = rescaled(sum(lane, k, panel));
        group.stage("terms", terms);
        group.stage("partial", partial);
        define(sum, product);
        group.kernel.family = group.kernel.stages.count("tables") != 0 ? "conv2d_weight_gradient/a1"
                              : dy.has_codes()                         ? "conv2d_weight_gradient/codes"
                                                                       : "conv2d_weight_gradient";
    }

    void define(const Func &sum, const Func &product) {
        Func gradient("weight_gradient");
        gradient(c, x, y, n) = product(n % 32, (y * width + x) * depth + c, n / 32);
        group.stage("sum", sum);
        group.stage("product", product);
        group.kernel.channels = depth;
        group.kernel.k = depth * window.kernel[0] * window.kernel[1];
        group.define(node.outputs[0], gradient);
    }

    GroupLowering &group;
    const Node &node;
    const GradientOperand dy;
    const Value &out, &in;
    const Window window;
    const int outputs, depth, width, rows;
    Func terms{"terms"}, partial{"partial"};
};

// Groups: element by element.
void of_groups(GroupLowering &group, const Node &node, const Window &window, const Func &image) {
    const Value &out = group.graph.value(node.inputs[0]), &in = group.graph.value(node.inputs[1]);
    const int64_t groups = node.integer("groups");
    const int depth = static_cast<int>(in.shape[1] / groups),
              outputs = static_cast<int>(out.shape[1] / groups);
    const GradientOperand dy(group, node);
    const bool coded = dy.has_codes();
    const Halide::Type total = coded ? dy.total_type(out.shape[0] * out.shape[2] * out.shape[3],
                                                     largest_integer(integer_view(in.encoding)))
                                     : Halide::Float(32);
    const RDom r = all_rows(out.shape);
    const Expr ix = input_of(window, 1, r.x, x), iy = input_of(window, 0, r.y, y);
    const Expr gradient = cast(total, dy.elements(n, r.x, r.y, r.z));
    Func product("product"), dw("weight_gradient");
    product(c, x, y, n) = cast(total, 0);
    product(c, x, y, n) += gradient * cast(total, image(n / outputs * depth + c, ix, iy, r.z));
    group.stage("product", product);
    group.kernel.family = "window_gradient";
    group.define(node.outputs[0], coded ? dw : product);
    if (!coded) {
        return;
    }
    const IntegerView view = integer_view(in.encoding);
    const Expr of_codes = dy.rescaled(product(c, x, y, n), view.scale);
    if (view.offset == 0) {
        dw(c, x, y, n) = of_codes;
        return;
    }
    const Expr inside =
        ix >= 0 && ix < static_cast<int>(in.shape[3]) && iy >= 0 && iy < static_cast<int>(in.shape[2]);
    const Expr counts = node.real("pad_value") == 0 ? inside : Expr(true);
    Func counted("counted");
    counted(n, x, y) = cast(total, 0);
    counted(n, x, y) += Halide::select(counts, gradient, cast(total, 0));
    group.stage("counted", counted);
    dw(c, x, y, n) = Halide::strict_float(of_codes + dy.rescaled(counted(n, x, y), view.offset));
}

}  // namespace

void lower_conv2d_weight_gradient(GroupLowering &group, const Node &node) {
    const Value &in = group.graph.value(node.inputs[1]);
    const bool coded = format_of_gradient(node).has_value(), grouped = node.integer("groups") != 1;
    const Window window = Window::of(node, node.extents("kernel"));
    if (coded && grouped) {
        of_groups(group, node, window, integer_image(group, node));
        return;
    }
    const Func elements = group.elements(node.inputs[1]);
    Func numbers("numbers"), outside("outside");
    numbers(elements.args()) = number_of(in, elements(elements.args()));
    outside(k) = static_cast<float>(node.real("pad_value"));
    const Func image = with_padding(numbers, in.shape, window, outside);
    if (grouped) {
        of_groups(group, node, window, image);
        return;
    }
    WeightGradient gradient(group, node);
    if (const Schedule *dots = gradient_dots(group.graph, node, group.kernel.target)) {
        coded ? gradient.of_bytes(*dots) : gradient.of_planes(*dots);
    } else if (is_sign(in.encoding)) {
        gradient.of_signs();
    } else if (coded) {
        gradient.of_integers();
    } else {
        gradient.of_floats(image);
    }
}

}  // namespace quantide
