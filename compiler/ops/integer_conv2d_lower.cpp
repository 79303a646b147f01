#include "compiler/base/integers.h"
#include "compiler/lower/bit_products.h"
#include "compiler/lower/float_products.h"
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

/** Of a panel of expanded weights, which lies on the stack. */
constexpr int64_t kMostWeightBytes = 1 << 16;

const Var lane("lane"), panel("panel"), c("c"), x("x"), y("y"), n("n");

/** The kernel's extents as Halide counts. */
struct Taps {
    int width, all, channels;
    int outputs;  ///< of a group
    explicit Taps(const ConvOperands &conv)
        : width(static_cast<int>(conv.window.kernel[1])),
          all(static_cast<int>(conv.window.kernel[0] * conv.window.kernel[1])),
          channels(static_cast<int>(conv.w->shape[1])),
          outputs(static_cast<int>(conv.w->shape[0] / conv.groups)) {}

    /** Of those that the first output of a panel reads, where these share words. */
    Expr first_channel() const {
        return outputs % 32 == 0 ? panel / (outputs / 32) * channels : panel * (32 / outputs * channels);
    }
};

// Of two signs acc = K - 2 popcount(x ^ w). Channels beyond the last cancel: both are 0, in the padding too.
// Of a group with less than a word of channels, its field of the word is taken.
Func bits_by_bits(GroupLowering &group, const Node &node, const ConvOperands &conv, const Tuning &tuning) {
    const Taps taps(conv);
    const IntegerView x_view = integer_view(conv.x->encoding), w_view = integer_view(conv.w->encoding);
    const PlanePairs pairs(x_view, w_view);
    const auto of_plane = [](const Expr &w, int bits, const Expr &plane) {
        return bits == 1 ? w : w * bits + plane;
    };
    const int words = divide_up(taps.channels, 32);
    const int image_channels = static_cast<int>(conv.x->shape[1]),
              image_words = divide_up(image_channels, 32);
    Func outside("outside");
    const Var word("word");
    const uint32_t tail = image_channels % 32 == 0 ? UINT32_MAX : (uint32_t{1} << (image_channels % 32)) - 1;
    const int pad = static_cast<int>(node.integer("pad_code"));
    const Expr set =
        pairs.x == 1 ? Halide::Internal::make_bool(pad != 0) : ((Expr(pad) >> (word % pairs.x)) & 1) != 0;
    outside(word) = Halide::select(!set, cast<uint32_t>(0), word / pairs.x == image_words - 1,
                                   cast<uint32_t>(Expr(tail)), cast<uint32_t>(Expr(UINT32_MAX)));
    const Func image = with_padding(group.words(node.inputs[0]), conv.x->shape, conv.window, outside);
    const Func w = group.words(node.inputs[1]);
    const bool grouped = conv.groups > 1;
    const Expr first = grouped ? taps.first_channel() : Expr(0);
    const auto differing = [&](const Expr &i, const Expr &pair) {
        const Expr tap = i / words;
        Expr signs = image(of_plane(first / 32 + i % words, pairs.x, pairs.x_plane(pair)),
                           input_of(conv.window, 1, x, tap % taps.width),
                           input_of(conv.window, 0, y, tap / taps.width), n);
        if (grouped && taps.channels < 32) {
            const Expr field =
                first % 32 + (taps.outputs % 32 == 0 ? Expr(0) : lane / taps.outputs * taps.channels);
            signs = (signs >> cast<uint32_t>(field)) & cast<uint32_t>((1 << taps.channels) - 1);
        }
        return w(lane, of_plane(i, pairs.w, pairs.w_plane(pair)), panel) ^ signs;
    };
    const Func accumulate = popcounts(group, taps.all * words, pairs, {x, y, n}, tuning, differing);
    stage_padding(group, image, image_words * pairs.x, conv.x->shape, conv.window);
    Func acc("acc");
    acc(c, x, y, n) = centered_product(x_view, w_view, group.kernel.k,
                                       from_panels(accumulate, c, {x, y, n}, group.kernel.n));
    return acc;
}

// Of signs acc = 2 sum x bit - sum x. The codes of a position are gathered in the order of FlatPanels.
Func bytes_by_bits(GroupLowering &group, const Node &node, const ConvOperands &conv, const Tuning &tuning) {
    const Taps taps(conv);
    const int inputs = taps.all * taps.channels, words = (inputs + 31) / 32;
    const Var channel("channel");
    Func outside("outside");
    outside(channel) = cast<uint8_t>(Expr(static_cast<int>(node.integer("pad_code"))));
    const Func image = with_padding(group.elements(node.inputs[0]), conv.x->shape, conv.window, outside);
    stage_padding(group, image, taps.channels, conv.x->shape, conv.window);
    const auto input = [&](const Expr &k) {
        const Expr tap = k % taps.all;
        return image(k / taps.all, input_of(conv.window, 1, x, tap % taps.width),
                     input_of(conv.window, 0, y, tap / taps.width), n);
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
    const IntegerView view = integer_view(conv.w->encoding);
    const Func accumulate =
        byte_dots(group, words, view, {x, y, n}, tuning, codes, group.words(node.inputs[1]));
    const Func sum = code_totals(group, words, {x, y, n}, codes);
    Func acc("acc");
    acc(c, x, y, n) = byte_product(view, from_panels(accumulate, c, {x, y, n}, group.kernel.n), sum(x, y, n));
    return acc;
}

/** The operands of a convolution whose groups share no words, element by element. */
struct GroupOperands {
    Func image, weights;

    GroupOperands(GroupLowering &group, const Node &node, const ConvOperands &conv) : weights("weights") {
        const Taps taps(conv);
        const Var k("k");
        Func outside("outside");
        outside(k) = cast<uint8_t>(Expr(static_cast<int>(node.integer("pad_code"))));
        image = gather_groups(
            group, with_padding(group.elements(node.inputs[0]), conv.x->shape, conv.window, outside),
            taps.channels, taps.outputs, group.kernel.n, conv.x->shape, conv.window);
        weights(lane, k, panel) =
            code_in_panels(group, node.inputs[1], lane, k % taps.channels, k / taps.channels, panel);
        if (32 * group.kernel.k <= kMostWeightBytes) {
            group.stage("weights", weights);
        }
    }
    ImageAt at() const {
        return [this](const Expr &channel, const Expr &ix, const Expr &iy) {
            return image(lane, ix, iy, n, channel, panel);
        };
    }
};

// acc = K - 2 (taps that differ), counted in the narrowest type that holds them.
Func sign_by_sign_in_groups(GroupLowering &group, const Node &node, const ConvOperands &conv) {
    const GroupOperands operands(group, node, conv);
    const Halide::Type count = Halide::UInt(group.kernel.k < 256 ? 8 : group.kernel.k < 65536 ? 16 : 32);
    const Func differing =
        sum_over_taps(group, conv.window, Taps(conv).channels, group.kernel.n, Halide::cast(count, 0),
                      operands.at(), [&](const Expr &sum, const Expr &element, const Expr &k) {
                          return sum + cast(count, element ^ operands.weights(lane, k, panel));
                      });
    Func acc("acc");
    acc(c, x, y, n) = static_cast<int>(group.kernel.k) - 2 * cast<int32_t>(differing(c, x, y, n));
    return acc;
}

// acc = sum of the products; of signs, of the integers where the weight is -1 negated.
Func codes_in_groups(GroupLowering &group, const Node &node, const ConvOperands &conv) {
    const GroupOperands operands(group, node, conv);
    const IntegerView x_view = integer_view(conv.x->encoding), w_view = integer_view(conv.w->encoding);
    const bool signs = is_sign(conv.w->encoding);
    return sum_over_taps(group, conv.window, Taps(conv).channels, group.kernel.n, 0, operands.at(),
                         [&](const Expr &sum, const Expr &element, const Expr &k) {
                             const Expr code = operands.weights(lane, k, panel);
                             const Expr q = integer_of(x_view, element);
                             return signs ? sum + Halide::select(code != 0, q, -q)
                                          : sum + q * integer_of(w_view, code);
                         });
}

}  // namespace

void lower_integer_conv2d(GroupLowering &group, const Node &node) {
    const ConvOperands conv = check_conv(group.graph, node);
    const bool bytes = conv.x->type.bits == 8;
    const bool signs = is_sign(conv.x->encoding) && is_sign(conv.w->encoding);
    Kernel &kernel = group.kernel;
    kernel.n = conv.w->shape[0];
    kernel.k = element_count(features_of(*conv.w), 1, node.name);
    kernel.m = group.options.batch.value_or(0);
    user_check(kernel.k <= kMostInputs, "conv2d '{}': expected at most {} inputs of an output, found {}",
               node.name, kMostInputs, kernel.k);
    check_accumulator(group, node);
    const bool apart = conv.groups > 1 && (bytes || !share_words(conv));
    internal_check(!apart || !is_centered(node),
                   "integer_conv2d '{}': groups apart multiply integers as they are", node.name);
    kernel.family = apart ? signs ? "conv2d/w1a1/grouped" : "conv2d/codes/grouped"
                          : fmt::format("conv2d/{}", product_family(*conv.x, *conv.w));
    const Tuning &tuning = find_schedule(kernel.family, kernel.target).tuning;
    group.define(node.outputs[0], apart   ? signs ? sign_by_sign_in_groups(group, node, conv)
                                                  : codes_in_groups(group, node, conv)
                                    : bytes ? bytes_by_bits(group, node, conv, tuning)
                                          : bits_by_bits(group, node, conv, tuning));
}

}  // namespace quantide
