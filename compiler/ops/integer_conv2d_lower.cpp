#include "compiler/lower/bit_products.h"
#include "compiler/lower/op_table.h"
#include "compiler/lower/window.h"
#include "compiler/ops/conv.h"

namespace quantide {

using Halide::cast;
using Halide::Expr;
using Halide::Func;
using Halide::RDom;
using Halide::Var;

namespace {

/** Up to here every accumulator and its double fit in 32 bits. */
constexpr int kMostInputs = 1 << 20;

const Var lane("lane"), panel("panel"), c("c"), x("x"), y("y"), n("n");

/** The kernel's extents as Halide counts. */
struct Taps {
    int width, all, channels;
    explicit Taps(const ConvOperands &conv)
        : width(static_cast<int>(conv.window.kernel[1])),
          all(static_cast<int>(conv.window.kernel[0] * conv.window.kernel[1])),
          channels(static_cast<int>(conv.w->shape[1])) {}
};

// acc = K - 2 popcount(x ^ w). Channels beyond the last cancel: both are 0, in the padding too.
Func sign_by_sign(GroupLowering &group, const Node &node, const ConvOperands &conv, const Tuning &tuning) {
    const Taps taps(conv);
    const int words = (taps.channels + 31) / 32;
    Func outside("outside");
    const Var word("word");
    const uint32_t tail = taps.channels % 32 == 0 ? UINT32_MAX : (uint32_t{1} << (taps.channels % 32)) - 1;
    const uint32_t bits = node.integer("pad_code") != 0 ? UINT32_MAX : 0;
    outside(word) =
        Halide::select(word == words - 1, cast<uint32_t>(Expr(bits & tail)), cast<uint32_t>(Expr(bits)));
    const Func image = with_padding(group.words(node.inputs[0]), conv.x->shape, conv.window, outside);
    const Func w = group.words(node.inputs[1]);
    const auto differing = [&](const Expr &i) {
        const Expr tap = i / words;
        return w(lane, i, panel) ^ image(i % words, input_of(conv.window, 1, x, tap % taps.width),
                                         input_of(conv.window, 0, y, tap / taps.width), n);
    };
    const Func accumulate = popcounts(group, taps.all * words, {x, y, n}, tuning, differing);
    stage_padding(group, image, words, conv.x->shape, conv.window);
    Func acc("acc");
    acc(c, x, y, n) = static_cast<int>(group.kernel.k) -
                      2 * cast<int32_t>(from_panels(accumulate, c, {x, y, n}, group.kernel.n));
    return acc;
}

// acc = 2 sum x bit - sum x. The codes of a position are gathered in the order of FlatPanels.
Func byte_by_sign(GroupLowering &group, const Node &node, const ConvOperands &conv, const Tuning &tuning) {
    const Taps taps(conv);
    const int inputs = taps.all * taps.channels, words = (inputs + 31) / 32;
    const Func image = group.elements(node.inputs[0]);
    const int height = static_cast<int>(conv.x->shape[2]), width = static_cast<int>(conv.x->shape[3]);
    const auto outside = static_cast<uint8_t>(node.integer("pad_code"));
    const auto input = [&](const Expr &k) -> Expr {
        const Expr tap = k % taps.all;
        const Expr ix = input_of(conv.window, 1, x, tap % taps.width);
        const Expr iy = input_of(conv.window, 0, y, tap / taps.width);
        const Expr code =
            image(k / taps.all, Halide::clamp(ix, 0, width - 1), Halide::clamp(iy, 0, height - 1), n);
        return conv.window.has_padding()
                   ? Halide::select(ix >= 0 && ix < width && iy >= 0 && iy < height, code, Expr(outside))
                   : code;
    };
    const Var bit("bit"), word("word");
    Func codes("codes");
    Expr four = cast<uint32_t>(0);
    for (int byte = 0; byte < 4; ++byte) {
        const Expr k = 32 * word + 8 * byte + bit;
        four =
            four | Halide::select(k < inputs, cast<uint32_t>(input(Halide::min(k, inputs - 1))) << (8 * byte),
                                  cast<uint32_t>(0));
    }
    codes(bit, word, x, y, n) = four;
    const Func accumulate = byte_dots(group, words, {x, y, n}, tuning, codes, group.words(node.inputs[1]));
    const Func sum = code_totals(group, words, {x, y, n}, codes);
    Func acc("acc");
    acc(c, x, y, n) = 2 * cast<int32_t>(from_panels(accumulate, c, {x, y, n}, group.kernel.n)) -
                      cast<int32_t>(sum(x, y, n));
    return acc;
}

// Element by element, channels as lanes: where groups share no words.
Func grouped(GroupLowering &group, const Node &node, const ConvOperands &conv) {
    const auto integer = [&](const Value &value, const Expr &code) {
        const IntegerView view = integer_view(value.encoding);
        return view.multiplier * cast<int32_t>(code) + view.addend;
    };
    const Taps taps(conv);
    const Var k("k");
    Func outside("outside");
    outside(k) = cast<uint8_t>(Expr(static_cast<int>(node.integer("pad_code"))));
    const Func image = with_padding(group.elements(node.inputs[0]), conv.x->shape, conv.window, outside);
    const Func w = group.elements(node.inputs[1]);
    const int outputs = static_cast<int>(conv.w->shape[0] / conv.groups);
    const RDom r({{0, taps.channels}, {0, taps.width}, {0, taps.all / taps.width}}, "tap");
    Func accumulate("accumulate");
    accumulate(c, x, y, n) = 0;
    accumulate(c, x, y, n) +=
        integer(*conv.x, image(c / outputs * taps.channels + r.x, input_of(conv.window, 1, x, r.y),
                               input_of(conv.window, 0, y, r.z), n)) *
        integer(*conv.w, w(r.x, r.y, r.z, c));
    group.stage("accumulate", accumulate);
    return accumulate;
}

}  // namespace

void lower_integer_conv2d(GroupLowering &group, const Node &node) {
    const ConvOperands conv = check_conv(group.graph, node);
    const bool signs = conv.x->type == UInt(1) && integer_view(conv.x->encoding).addend == -1;
    const bool bytes = conv.x->type == UInt(8) && integer_view(conv.x->encoding).addend == 0;
    internal_check((signs || bytes) && conv.w->type == UInt(1) && integer_view(conv.w->encoding).addend == -1,
                   "integer_conv2d '{}': no arithmetic for {} x {}", node.name, to_string(conv.x->type),
                   to_string(conv.w->type));
    Kernel &kernel = group.kernel;
    kernel.n = conv.w->shape[0];
    kernel.k = element_count(features_of(*conv.w), 1, node.name);
    kernel.m = group.options.batch.value_or(0);
    user_check(kernel.k <= kMostInputs, "conv2d '{}': expected at most {} inputs of an output, found {}",
               node.name, kMostInputs, kernel.k);
    kernel.family = conv.groups > 1 ? "conv2d/grouped" : signs ? "conv2d/w1a1" : "conv2d/w1a8";
    const Tuning &tuning = find_schedule(kernel.family, kernel.target).tuning;
    group.define(node.outputs[0], conv.groups > 1 ? grouped(group, node, conv)
                                  : signs         ? sign_by_sign(group, node, conv, tuning)
                                                  : byte_by_sign(group, node, conv, tuning));
}

}  // namespace quantide
