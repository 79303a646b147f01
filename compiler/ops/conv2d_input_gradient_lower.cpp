#include "compiler/base/integers.h"
#include "compiler/lower/byte_convolution.h"
#include "compiler/lower/float_products.h"
#include "compiler/lower/gradient_bytes.h"
#include "compiler/lower/gradient_dots.h"
#include "compiler/lower/gradient_planes.h"
#include "compiler/lower/op_table.h"
#include "compiler/lower/signed_sums.h"
#include "compiler/lower/window.h"
#include "schedules/markers.h"

namespace quantide {

using Halide::cast;
using Halide::Expr;
using Halide::Func;
using Halide::RDom;
using Halide::Var;

namespace {

/** Tables that lie in L1 together. */
constexpr int kTablesPerBlock = 2;

const Var lane("lane"), panel("panel"), k("k"), c("c"), x("x"), y("y"), n("n");

// For 1-bit weights positions are lanes, and what differs between inputs is only which sums of gradients are
// added: tables of them serve all inputs and taps.
void signed_convolution(GroupLowering &group, const Node &node, const Window &window,
                        const GradientOperand &gradient) {
    const Value &dy = group.graph.value(node.inputs[0]), &w = group.graph.value(node.inputs[1]);
    const IntegerView view = integer_view(w.encoding);
    internal_check(w.layout == Layout::OutputPanels, "{}: weights that are not in panels", node.name);
    const int outputs = static_cast<int>(w.shape[0]), in_words = static_cast<int>(divide_up(w.shape[1], 32));
    const int height = static_cast<int>(w.shape[2]), width = static_cast<int>(w.shape[3]);
    const int rows = static_cast<int>(dy.shape[2]), columns = static_cast<int>(dy.shape[3]);
    const Func elements = gradient.elements, words = group.words(node.inputs[1]);
    const int per_block = kTermsPerTable * kTablesPerBlock;
    const Halide::Type narrow = gradient.sum_type(int64_t{per_block} * height * width),
                       total = gradient.total_type(int64_t{outputs} * height * width);
    const Var o("o"), entry("entry"), four("group"), block("block"), bit("bit"), word("word"), tap("tap");
    Func terms("terms"), tables("tables"), signs("signs"), partial("partial"), product("product"),
        dx("input_gradient");
    const Expr term = elements(Halide::min(o, outputs - 1), Halide::clamp(x, 0, columns - 1),
                               Halide::clamp(y, 0, rows - 1), n);
    terms(x, y, o, n) = Halide::select(x >= 0 && x < columns && y >= 0 && y < rows && o < outputs,
                                       cast(narrow, term), cast(narrow, 0));
    tables(x, y, entry, four, block, n) = signed_sum(
        entry, [&](int b) { return terms(x, y, kTermsPerTable * (kTablesPerBlock * block + four) + b, n); });
    signs(bit, word, tap, four) = sign_code([&](int b) -> Expr {
        const Expr output = Halide::min(kTermsPerTable * four + b, outputs - 1);
        return words(output % 32, tap * in_words + word, output / 32) >> cast<uint32_t>(bit);
    });
    const RDom r({{0, kTablesPerBlock}, {0, width}, {0, height}}, "tap");
    const Expr last_tap = height * width - 1;
    const Expr code = signs(c % 32, c / 32, last_tap - (r.z * width + r.y), kTablesPerBlock * block + r.x);
    partial(x, y, c, block, n) = cast(narrow, 0);
    partial(x, y, c, block, n) +=
        tables(input_of(window, 1, x, r.y), input_of(window, 0, y, r.z), entry_of(code), r.x, block, n);
    const RDom all(0, static_cast<int>(divide_up(outputs, per_block)), "block");
    product(x, y, c, n) = cast(total, 0);
    product(x, y, c, n) += cast(total, partial(x, y, c, all, n));
    dx(c, x, y, n) = gradient.rescaled(product(x, y, c, n), view.scale);
    for (const Func &f : {terms, tables, signs, partial, product}) {
        group.stage(f.name().substr(0, f.name().find('$')), f);
    }
    group.kernel.family = "conv2d_input_gradient/w1";
    group.define(node.outputs[0], dx);
}

void convolution(GroupLowering &group, const Node &node, const Window &window) {
    const Value &dy = group.graph.value(node.inputs[0]), &w = group.graph.value(node.inputs[1]);
    const int outputs = static_cast<int>(w.shape[0]), inputs = static_cast<int>(w.shape[1]);
    const int height = static_cast<int>(w.shape[2]), width = static_cast<int>(w.shape[3]);
    group.kernel.m = dy.shape[0];
    Func outside("outside"), weights("weights");
    outside(k) = 0.0F;
    const Func image = with_padding(group.elements(node.inputs[0]), dy.shape, window, outside);
    stage_padding(group, image, outputs, dy.shape, window);
    const Expr output = k % outputs, tap = height * width - 1 - k / outputs;
    weights(lane, k, panel) = weight_at(group, node.inputs[1], output % 32,
                                        Halide::min(32 * panel + lane, inputs - 1), tap, output / 32);
    group.stage("weights", weights);
    const auto at = [&](const Expr &channel, const Expr &ix, const Expr &iy) {
        return image(channel, ix, iy, n);
    };
    const Func dx = convolve(group, window, outputs, inputs, at, weights);
    group.define(node.outputs[0], dx);
}

// The same in integers: neighbouring outputs, the channels of that convolution, are pairs where they can be.
void integer_convolution(GroupLowering &group, const Node &node, const Window &window,
                         const GradientOperand &gradient) {
    const Value &dy = group.graph.value(node.inputs[0]), &w = group.graph.value(node.inputs[1]);
    const int outputs = static_cast<int>(w.shape[0]), inputs = static_cast<int>(w.shape[1]);
    const int height = static_cast<int>(w.shape[2]), width = static_cast<int>(w.shape[3]);
    const IntegerView view = weight_view(w.encoding);
    const Halide::Type total = gradient.total_type(int64_t{outputs} * height * width, largest_integer(view));
    const bool pairs = gradient.has_pairs(total);
    const int channels = static_cast<int>(divide_up(outputs, pairs ? 2 : 1));
    group.kernel.m = dy.shape[0];
    const auto element = [&](const Expr &o) {
        return gradient.elements(Halide::min(o, outputs - 1), x, y, n);
    };
    const auto weight = [&](const Expr &o, const Expr &tap) {
        const Expr last = Halide::min(o, outputs - 1);
        const Expr code = code_in_panels(group, node.inputs[1], last % 32,
                                         Halide::min(32 * panel + lane, inputs - 1), tap, last / 32);
        return Halide::select(o < outputs, integer_of(view, code), 0);
    };
    Func terms("terms"), outside("outside"), weights("weights"), dx("input_gradient");
    terms(c, x, y, n) = pairs ? pair_word(element(2 * c), element(2 * c + 1)) : cast<int32_t>(element(c));
    outside(k) = 0;
    const Func image = with_padding(terms, dy.shape, window, outside);
    stage_padding(group, image, channels, dy.shape, window);
    const Expr channel = k % channels, tap = height * width - 1 - k / channels;
    weights(lane, k, panel) =
        pairs ? pair_word(weight(2 * channel, tap), weight(2 * channel + 1, tap)) : weight(channel, tap);
    group.stage("weights", weights);
    const Func sum = sum_over_taps(
        group, window, channels, inputs, cast(total, 0),
        [&](const Expr &at, const Expr &ix, const Expr &iy) { return image(at, ix, iy, n); },
        [&](const Expr &before, const Expr &term, const Expr &at) {
            return pairs ? short_dot(before, term, weights(lane, at, panel))
                         : before + cast(total, term) * cast(total, weights(lane, at, panel));
        });
    dx(c, x, y, n) = gradient.rescaled(sum(c, x, y, n), view.scale);
    group.kernel.family = "conv2d_input_gradient/codes";
    group.define(node.outputs[0], dx);
}

// The same in bytes: four outputs are a lane. The padding is the code of 0.
void byte_convolution(GroupLowering &group, const Node &node, const Window &window,
                      const GradientOperand &gradient, const Schedule &schedule) {
    const Value &dy = group.graph.value(node.inputs[0]), &w = group.graph.value(node.inputs[1]);
    const int outputs = static_cast<int>(w.shape[0]), inputs = static_cast<int>(w.shape[1]),
              width = static_cast<int>(w.shape[3]);
    const IntegerView view = weight_view(w.encoding);
    const ByteNumbers numbers(view);
    const GradientBytes bytes(gradient);
    const ByteConvolution conv{.product = product_of(numbers),
                               .tuning = schedule.tuning,
                               .window = window,
                               .in = dy.shape,
                               .out = group.graph.value(node.outputs[0]).shape};
    const int taps = conv.taps(), words = conv.words();
    Func outside("outside"), dx("input_gradient");
    outside(k) = cast(gradient.codes.type(), gradient.zero);
    const Func codes = with_padding(gradient.codes, dy.shape, window, outside);
    const auto image_of = [&](int padded) {
        const Var bit("bit"), word("word");
        const bool whole = 32 * padded == outputs;
        const auto byte = [&](const Expr &o) -> Expr {
            const Expr there = bytes(codes(whole ? o : Halide::min(o, outputs - 1), x, y, n));
            return whole ? there : Halide::select(o < outputs, there, cast<uint32_t>(0));
        };
        Func image("image");
        image(bit, word, x, y, n) = cast<int32_t>(lane_of(4, byte, first_step(4, bit, word)));
        return image;
    };
    const Func elements = group.elements(node.inputs[1]);
    const Expr input = Halide::min(32 * panel + lane, inputs - 1);
    const auto number = [&](const Expr &o, const Expr &tap) {
        const Expr turned = taps - 1 - tap;
        return numbers(elements(w.layout == Layout::OutputPanels ? 32 * panel + lane : input, turned % width,
                                turned / width, Halide::min(o, outputs - 1)));
    };
    const ConvolvedBytes convolved =
        convolve_bytes(group, conv, image_of, [&](const Expr &b, const Expr &i, const Expr &) {
            return lane_of(
                4, [&](const Expr &o) { return number(o, i / words); }, first_step(4, b, i % words));
        });
    Expr sum_of_numbers;
    if (gradient.has_zero()) {
        Func weight_total("weight_total");
        const RDom i(0, taps * outputs, "weight");
        weight_total(lane, panel) = 0;
        weight_total(lane, panel) += cast<int32_t>(number(i % outputs, i / outputs));
        group.stage("weight_total", weight_total);
        sum_of_numbers = from_panels(weight_total, c, {}, inputs);
    }
    dx(c, x, y, n) =
        gradient.rescaled(corrected(numbers, bytes, from_panels(convolved.dots, c, {x, y, n}, inputs),
                                    convolved.sum(x, y, n) - taps * outputs * bytes.zero, sum_of_numbers),
                          view.scale);
    group.kernel.m = dy.shape[0];
    group.kernel.n = inputs;
    group.kernel.k = int64_t{taps} * outputs;
    group.kernel.family = schedule.family;
    group.define(node.outputs[0], dx);
}

// The same in planes of bfloat16 numbers, two outputs in a lane, by tiles.
void plane_convolution(GroupLowering &group, const Node &node, const Window &window,
                       const GradientOperand &gradient, const Schedule &schedule) {
    const Value &dy = group.graph.value(node.inputs[0]), &w = group.graph.value(node.inputs[1]);
    const int outputs = static_cast<int>(w.shape[0]), inputs = static_cast<int>(w.shape[1]),
              taps = static_cast<int>(w.shape[2] * w.shape[3]), width = static_cast<int>(w.shape[3]);
    const IntegerView view = weight_view(w.encoding);
    const TileSteps steps(taps, outputs, planes_of_gradient(node));
    const Raster raster(window, group.graph.value(node.outputs[0]).shape);
    const int padded = steps.padded_words();
    const Var bit("bit"), word("word");
    Func outside("outside"), numbers("numbers"), dx("input_gradient");
    outside(k) = 0.0F;
    const Func image = with_padding(gradient.elements, dy.shape, window, outside);
    const auto number = [&](const Expr &o) {
        const Expr plane = bfloat16_plane(image(Halide::min(o, outputs - 1), x, y, n), word / padded,
                                          steps.numbers.row_planes);
        return Halide::select(o < outputs, plane, cast<uint32_t>(0));
    };
    numbers(bit, word, x, y, n) = lane_of(2, number, first_step(2, bit, word % padded));
    const Func elements = group.elements(node.inputs[1]);
    const Expr input =
        w.layout == Layout::OutputPanels ? 32 * panel + lane : Halide::min(32 * panel + lane, inputs - 1);
    const Func rows = raster_image(group, steps, raster, dy.shape, numbers);
    const Func dots =
        raster_products(group, steps, raster, rows, [&](const Expr &b, const Expr &i, const Expr &) {
            const Expr turned = taps - 1 - i / steps.words;
            const auto weight = [&](const Expr &o) {
                return bfloat16_integer(
                    w.encoding, view,
                    elements(input, turned % width, turned / width, Halide::min(o, outputs - 1)));
            };
            return lane_of(2, weight, first_step(2, b, i % steps.words));
        });
    Func product("dots");
    product(lane, x, y, n, panel) = dots(lane, raster.row(x, y), n, panel);
    dx(c, x, y, n) = gradient.rescaled(from_panels(product, c, {x, y, n}, inputs), view.scale);
    group.kernel.m = dy.shape[0];
    group.kernel.n = inputs;
    group.kernel.k = int64_t{taps} * outputs;
    group.kernel.family = schedule.family;
    group.define(node.outputs[0], dx);
}

}  // namespace

void lower_conv2d_input_gradient(GroupLowering &group, const Node &node) {
    const Value &out = group.graph.value(node.inputs[0]), &weights = group.graph.value(node.inputs[1]);
    const Window window = Window::of(node, {weights.shape[2], weights.shape[3]});
    const int64_t groups = node.integer("groups");
    const GradientOperand gradient(group, node);
    if (const std::optional<Window> turned = turned_window(group.graph, node)) {
        if (const Schedule *dots = gradient_dots(group.graph, node, group.kernel.target)) {
            const auto lower = gradient.has_codes() ? byte_convolution : plane_convolution;
            lower(group, node, *turned, gradient, *dots);
        } else if (is_sign(weights.encoding)) {
            signed_convolution(group, node, *turned, gradient);
        } else if (gradient.has_codes()) {
            integer_convolution(group, node, *turned, gradient);
        } else {
            convolution(group, node, *turned);
        }
        return;
    }
    const Func dy = gradient.elements, w = group.elements(node.inputs[1]);
    const int depth = static_cast<int>(weights.shape[1]);
    const int outputs = static_cast<int>(weights.shape[0] / groups);
    const RDom r(
        {{0, outputs}, {0, static_cast<int>(weights.shape[3])}, {0, static_cast<int>(weights.shape[2])}},
        "tap");
    const OutputOf column = output_of(window, 1, x, r.y, out.shape[3]),
                   row = output_of(window, 0, y, r.z, out.shape[2]);
    const Expr o = c / depth * outputs + r.x;
    const bool coded = gradient.has_codes();
    const Halide::Type total =
        coded ? gradient.total_type(int64_t{outputs} * weights.shape[2] * weights.shape[3],
                                    largest_integer(weight_view(weights.encoding)))
              : Halide::Float(32);
    const Expr code = w(c % depth, r.y, r.z, o);
    const Expr term =
        cast(total, dy(o, column.index, row.index, n)) *
        (coded ? cast(total, integer_of(weight_view(weights.encoding), code)) : number_of(weights, code));
    Func product("product"), dx("input_gradient");
    product(c, x, y, n) = cast(total, 0);
    product(c, x, y, n) += Halide::select(column.exists && row.exists, term, cast(total, 0));
    dx(c, x, y, n) = coded ? gradient.rescaled(product(c, x, y, n), weight_view(weights.encoding).scale)
                           : product(c, x, y, n);
    group.stage("product", product);
    group.kernel.family = "window_gradient";
    group.define(node.outputs[0], dx);
}

}  // namespace quantide
