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

    /** Whether the outputs of a panel read the same words, which hold nothing else, or fields of one word. */
    bool share_words() const {
        const bool words = outputs % 32 == 0 && channels % 32 == 0;
        const bool one_word =
            32 % channels == 0 &&
            (outputs % 32 == 0 || (32 % outputs == 0 && 32 % (32 / outputs * channels) == 0));
        return words || one_word;
    }
    /** Of those that the first output of a panel reads, if so. */
    Expr first_channel() const {
        return outputs % 32 == 0 ? panel / (outputs / 32) * channels : panel * (32 / outputs * channels);
    }
};

// acc = K - 2 popcount(x ^ w). Channels beyond the last cancel: both are 0, in the padding too. Of a group
// with less than a word of channels, its field of the word is taken.
Func sign_by_sign(GroupLowering &group, const Node &node, const ConvOperands &conv, const Tuning &tuning) {
    const Taps taps(conv);
    const int words = divide_up(taps.channels, 32);
    const int image_channels = static_cast<int>(conv.x->shape[1]),
              image_words = divide_up(image_channels, 32);
    Func outside("outside");
    const Var word("word");
    const uint32_t tail = image_channels % 32 == 0 ? UINT32_MAX : (uint32_t{1} << (image_channels % 32)) - 1;
    const uint32_t bits = node.integer("pad_code") != 0 ? UINT32_MAX : 0;
    outside(word) = Halide::select(word == image_words - 1, cast<uint32_t>(Expr(bits & tail)),
                                   cast<uint32_t>(Expr(bits)));
    const Func image = with_padding(group.words(node.inputs[0]), conv.x->shape, conv.window, outside);
    const Func w = group.words(node.inputs[1]);
    const bool grouped = conv.groups > 1;
    const Expr first = grouped ? taps.first_channel() : Expr(0);
    const auto differing = [&](const Expr &i) {
        const Expr tap = i / words;
        Expr signs = image(first / 32 + i % words, input_of(conv.window, 1, x, tap % taps.width),
                           input_of(conv.window, 0, y, tap / taps.width), n);
        if (grouped && taps.channels < 32) {
            const Expr field =
                first % 32 + (taps.outputs % 32 == 0 ? Expr(0) : lane / taps.outputs * taps.channels);
            signs = (signs >> cast<uint32_t>(field)) & cast<uint32_t>((1 << taps.channels) - 1);
        }
        return w(lane, i, panel) ^ signs;
    };
    const Func accumulate = popcounts(group, taps.all * words, {x, y, n}, tuning, differing);
    stage_padding(group, image, image_words, conv.x->shape, conv.window);
    Func acc("acc");
    acc(c, x, y, n) = static_cast<int>(group.kernel.k) -
                      2 * cast<int32_t>(from_panels(accumulate, c, {x, y, n}, group.kernel.n));
    return acc;
}

// acc = 2 sum x bit - sum x. The codes of a position are gathered in the order of FlatPanels.
Func byte_by_sign(GroupLowering &group, const Node &node, const ConvOperands &conv, const Tuning &tuning) {
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
    const Func accumulate = byte_dots(group, words, {x, y, n}, tuning, codes, group.words(node.inputs[1]));
    const Func sum = code_totals(group, words, {x, y, n}, codes);
    Func acc("acc");
    acc(c, x, y, n) = 2 * cast<int32_t>(from_panels(accumulate, c, {x, y, n}, group.kernel.n)) -
                      cast<int32_t>(sum(x, y, n));
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
        const Expr words = group.words(node.inputs[1])(
            lane, k / taps.channels * divide_up(taps.channels, 32) + k % taps.channels / 32, panel);
        weights(lane, k, panel) = cast<uint8_t>((words >> cast<uint32_t>(k % taps.channels % 32)) & 1);
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

// acc = sum of the codes, where the weight is -1 negated.
Func byte_by_sign_in_groups(GroupLowering &group, const Node &node, const ConvOperands &conv) {
    const GroupOperands operands(group, node, conv);
    return sum_over_taps(group, conv.window, Taps(conv).channels, group.kernel.n, 0, operands.at(),
                         [&](const Expr &sum, const Expr &element, const Expr &k) {
                             const Expr code = cast<int32_t>(element);
                             return sum + Halide::select(operands.weights(lane, k, panel) != 0, code, -code);
                         });
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
    const bool apart = conv.groups > 1 && !(signs && Taps(conv).share_words() && conv.w->shape[1] > 1);
    kernel.family = fmt::format("conv2d/{}{}", signs ? "w1a1" : "w1a8", apart ? "/grouped" : "");
    const Tuning &tuning = find_schedule(kernel.family, kernel.target).tuning;
    group.define(node.outputs[0], apart   ? signs ? sign_by_sign_in_groups(group, node, conv)
                                                  : byte_by_sign_in_groups(group, node, conv)
                                    : signs ? sign_by_sign(group, node, conv, tuning)
                                          : byte_by_sign(group, node, conv, tuning));
}

}  // namespace quantide
