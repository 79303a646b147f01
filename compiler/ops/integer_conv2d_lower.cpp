#include "compiler/base/integers.h"
#include "compiler/lower/arithmetic.h"
#include "compiler/lower/byte_convolution.h"
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

/** The words of an image of packed codes with those of the padding around it: (word, x, y, n). */
Func padded_words(GroupLowering &group, const Node &node, const ConvOperands &conv) {
    const int channels = static_cast<int>(conv.x->shape[1]), bits = conv.x->type.bits;
    Func outside("outside");
    const Var word("word");
    const uint32_t tail = channels % 32 == 0 ? UINT32_MAX : (uint32_t{1} << (channels % 32)) - 1;
    const int pad = static_cast<int>(node.integer("pad_code"));
    const Expr set =
        bits == 1 ? Halide::Internal::make_bool(pad != 0) : ((Expr(pad) >> (word % bits)) & 1) != 0;
    outside(word) = Halide::select(!set, cast<uint32_t>(0), word / bits == divide_up(channels, 32) - 1,
                                   cast<uint32_t>(Expr(tail)), cast<uint32_t>(Expr(UINT32_MAX)));
    return with_padding(group.words(node.inputs[0]), conv.x->shape, conv.window, outside);
}

/** The codes of an image of bytes with those of the padding around it: (channel, x, y, n). */
Func padded_codes(GroupLowering &group, const Node &node, const ConvOperands &conv) {
    Func outside("outside");
    const Var channel("channel");
    outside(channel) = cast<uint8_t>(Expr(static_cast<int>(node.integer("pad_code"))));
    return with_padding(group.elements(node.inputs[0]), conv.x->shape, conv.window, outside);
}

// Of two signs acc = K - 2 popcount(x ^ w). Channels beyond the last cancel: both are 0, in the padding too.
// Of a group with less than a word of channels, its field of the word is taken.
Func bits_by_bits(GroupLowering &group, const Node &node, const ConvOperands &conv, const Tuning &tuning) {
    const Taps taps(conv);
    const IntegerView x_view = integer_view(conv.x->encoding), w_view = integer_view(conv.w->encoding);
    const PlanePairs pairs(x_view, w_view);
    const int words = divide_up(taps.channels, 32);
    const Func image = padded_words(group, node, conv);
    const Func w = group.words(node.inputs[1]);
    const bool grouped = conv.groups > 1;
    const Expr first = grouped ? taps.first_channel() : Expr(0);
    const auto differing = [&](const Expr &i, const Expr &pair) {
        const Expr tap = i / words;
        Expr signs = image(word_of_plane(first / 32 + i % words, pairs.x, pairs.x_plane(pair)),
                           input_of(conv.window, 1, x, tap % taps.width),
                           input_of(conv.window, 0, y, tap / taps.width), n);
        if (grouped && taps.channels < 32) {
            const Expr field =
                first % 32 + (taps.outputs % 32 == 0 ? Expr(0) : lane / taps.outputs * taps.channels);
            signs = (signs >> cast<uint32_t>(field)) & cast<uint32_t>((1 << taps.channels) - 1);
        }
        return w(lane, word_of_plane(i, pairs.w, pairs.w_plane(pair)), panel) ^ signs;
    };
    const Func accumulate = popcounts(group, taps.all * words, pairs, {x, y, n}, tuning, differing);
    stage_padding(group, image, divide_up(conv.x->shape[1], 32) * pairs.x, conv.x->shape, conv.window);
    Func acc("acc");
    acc(c, x, y, n) = centered_product(x_view, w_view, group.kernel.k,
                                       from_panels(accumulate, c, {x, y, n}, group.kernel.n));
    return acc;
}

// The codes of a position are gathered in the order of FlatPanels.
Func gathered_bytes(GroupLowering &group, const Node &node, const ConvOperands &conv, const Tuning &tuning) {
    const Taps taps(conv);
    const ByteProduct product =
        byte_product_of(*conv.x, is_centered(node), *conv.w, group.kernel.target, tuning);
    const int inputs = taps.all * taps.channels, words = (inputs + 31) / 32;
    const Func image = padded_codes(group, node, conv), w = group.words(node.inputs[1]);
    stage_padding(group, image, taps.channels, conv.x->shape, conv.window);
    const Var bit("bit"), word("word");
    Func codes("codes"), sum("sum");
    codes(bit, word, x, y, n) = fields_of(product, bit, word, inputs, 32 * words, [&](const Expr &k) {
        const Expr tap = k % taps.all;
        return number_of_bits(product, image(k / taps.all, input_of(conv.window, 1, x, tap % taps.width),
                                             input_of(conv.window, 0, y, tap / taps.width), n));
    });
    const Func accumulate = byte_products(
        group, product, words, {x, y, n}, [&](const Expr &b, const Expr &i) { return codes(b, i, x, y, n); },
        digits_of(product, w));
    const RDom step = steps_of(product, words);
    sum(x, y, n) = 0;
    sum(x, y, n) += sum_of_fields(product, codes(step.x, step.y, x, y, n));
    group.stage("codes", codes);
    group.stage("sum", sum);
    Func acc("acc");
    acc(c, x, y, n) = integer_product(group, product, words, accumulate, {x, y, n}, sum(x, y, n), w);
    return acc;
}

/** The bytes of an image and of the padding around it: (bit, word, x, y, n), those of channels beyond the
 * last 0, and of words beyond these. */
Func bytes_of_image(GroupLowering &group, const Node &node, const ConvOperands &conv,
                    const ByteProduct &product, int padded_words_of_pixel) {
    const int channels = Taps(conv).channels, words = divide_up(channels, 32);
    const Var bit("bit"), word("word");
    if (conv.x->type.bits == 8) {
        const Func codes = padded_codes(group, node, conv);
        Func image("image");
        image(bit, word, x, y, n) =
            fields_of(product, bit, word, channels, 32 * padded_words_of_pixel,
                      [&](const Expr &k) { return number_of_bits(product, codes(k, x, y, n)); });
        return image;
    }
    const Func padded = padded_words(group, node, conv);
    Func image_words("words");
    image_words(word, x, y, n) = padded(word, x, y, n);
    return bytes_of_words(product, image_words, channels, words, padded_words_of_pixel);
}

// The image becomes bytes first; its channels beyond the last are 0.
Func bytes_by_bytes(GroupLowering &group, const Node &node, const ConvOperands &conv, const Tuning &tuning) {
    const Func w = group.words(node.inputs[1]);
    const ByteConvolution bytes{
        .product = byte_product_of(*conv.x, is_centered(node), *conv.w, group.kernel.target, tuning),
        .tuning = tuning,
        .window = conv.window,
        .in = conv.x->shape,
        .out = group.graph.value(node.outputs[0]).shape};
    const ConvolvedBytes convolved = convolve_bytes(
        group, bytes, [&](int words) { return bytes_of_image(group, node, conv, bytes.product, words); },
        digits_of(bytes.product, w));
    Func acc("acc");
    acc(c, x, y, n) = integer_product(group, bytes.product, bytes.taps() * bytes.words(), convolved.dots,
                                      {x, y, n}, convolved.sum(x, y, n), w);
    return acc;
}

/** The operands of a convolution whose groups share no words, element by element. */
struct GroupOperands {
    Func image, weights;

    GroupOperands(GroupLowering &group, const Node &node, const ConvOperands &conv) : weights("weights") {
        const Taps taps(conv);
        const Var k("k");
        image = gather_groups(group, padded_codes(group, node, conv), taps.channels, taps.outputs,
                              group.kernel.n, conv.x->shape, conv.window);
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
    const IntegerView x_view = integer_view(conv.x->encoding), w_view = weight_view(conv.w->encoding);
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
    const Arithmetic arithmetic = choose_arithmetic(group.graph, node, group.options);
    kernel.family = fmt::format("conv2d/{}", to_string(arithmetic));
    kernel.operands = fmt::format("w{}a{}", conv.w->type.bits, conv.x->type.bits);
    const bool apart = conv.groups > 1 && (arithmetic != Arithmetic::Popcount || !share_words(conv));
    internal_check(!apart || !is_centered(node),
                   "integer_conv2d '{}': groups apart multiply integers as they are", node.name);
    if (apart) {
        kernel.family = signs ? "conv2d/signs/grouped" : "conv2d/codes/grouped";
    }
    const bool gathered = bytes && conv.w->layout == Layout::FlatPanels;
    const Tuning &tuning = find_schedule(kernel.family, kernel.target).tuning;
    group.define(node.outputs[0],
                 apart
                     ? signs ? sign_by_sign_in_groups(group, node, conv) : codes_in_groups(group, node, conv)
                 : gathered                           ? gathered_bytes(group, node, conv, tuning)
                 : arithmetic == Arithmetic::Popcount ? bits_by_bits(group, node, conv, tuning)
                                                      : bytes_by_bytes(group, node, conv, tuning));
}

}  // namespace quantide
