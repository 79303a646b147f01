#include "compiler/base/integers.h"
#include "compiler/lower/arithmetic.h"
#include "compiler/lower/op_table.h"
#include "compiler/lower/tile_products.h"
#include "compiler/ops/rules.h"

namespace quantide {

using Halide::cast;
using Halide::Expr;
using Halide::Func;
using Halide::RDom;
using Halide::Var;

namespace {

/** Up to here every accumulator and its double fit in 32 bits, and the codes of a row on the stack. */
constexpr int kMostInputs = 1 << 20;

const Var lane("lane"), panel("panel"), row("row"), c("c"), n("n");

// x: words (word, row), w: words (lane, word, panel); of two signs acc = K - 2 popcount(x ^ w). Padding
// cancels: both 0. The words of an image are those of a row.
Func bits_by_bits(GroupLowering &group, const Node &node, const Tuning &tuning) {
    const Value &x = group.graph.value(node.inputs[0]), &weights = group.graph.value(node.inputs[1]);
    const IntegerView x_view = integer_view(x.encoding), w_view = integer_view(weights.encoding);
    const PlanePairs pairs(x_view, w_view);
    const Func words = group.words(node.inputs[0]), w = group.words(node.inputs[1]);
    const Planes planes = planes_of(x.shape);
    const int in_pixel = static_cast<int>((planes.channels + 31) / 32);
    const auto word_of_x = [&](const Expr &word, const Expr &plane) -> Expr {
        if (x.shape.size() == 2) {
            return words(word_of_plane(word, pairs.x, plane), row);
        }
        const int width = static_cast<int>(x.shape[3]);
        const Expr pixel = word / in_pixel;
        return words(word_of_plane(word % in_pixel, pairs.x, plane), pixel % width, pixel / width, row);
    };
    const Func accumulate =
        popcounts(group, static_cast<int>(planes.positions) * in_pixel, pairs, {row}, tuning,
                  [&](const Expr &word, const Expr &pair) {
                      return w(lane, word_of_plane(word, pairs.w, pairs.w_plane(pair)), panel) ^
                             word_of_x(word, pairs.x_plane(pair));
                  });
    Func acc("acc");
    acc(c, n) =
        centered_product(x_view, w_view, group.kernel.k, from_panels(accumulate, c, {n}, group.kernel.n));
    return acc;
}

/** The codes of a row as fields of lanes, in the order in which shifting a word of weights by 0, 1, ...
 * brings its bits to the lowest bits of its fields; of `words` words, those beyond the inputs 0. */
Func gather_codes(const ByteProduct &product, const Func &x, int inputs, int words) {
    const Var bit("bit"), word("word");
    const int full = inputs / 32;
    const int rest = inputs % 32;
    Func codes("codes");
    codes(bit, word, row) = Halide::undef<uint32_t>();
    if (full > 0) {
        const RDom r(0, full, "full");
        codes(bit, r, row) =
            fields_of(product, bit, r, inputs, inputs, [&](const Expr &k) { return x(k, row); });
    }
    if (rest > 0) {
        codes(bit, full, row) =
            fields_of(product, bit, full, inputs, 32 * (full + 1), [&](const Expr &k) { return x(k, row); });
    }
    if (const int last = (inputs + 31) / 32; words > last) {
        codes(bit, RDom(last, words - last, "beyond"), row) = cast<uint32_t>(0);
    }
    return codes;
}

/** The words of a row's bytes. */
int words_of_row(const GroupLowering &group, const Value &x) {
    const Planes planes = planes_of(x.shape);
    return static_cast<int>(x.type.bits == 8 ? divide_up(group.kernel.k, 32)
                                             : divide_up(planes.channels, 32) * planes.positions);
}

/** The row of memory that a row of a tile reads: beyond the last, the last. */
Expr row_in(const GroupLowering &group, ValueId x) {
    const Halide::ImageParam memory = group.operand(x);
    return Halide::min(Halide::likely(row), memory.dim(memory.dimensions() - 1).extent() - 1);
}

/** The bytes of x: (bit, word, row), of `padded_words` words those beyond the inputs 0. */
Func bytes_of(GroupLowering &group, ValueId x, const ByteProduct &product, bool tiles_beyond,
              int padded_words) {
    const Value &value = group.graph.value(x);
    const Expr from = tiles_beyond ? row_in(group, x) : Expr(row);
    const Var k("k"), word("word");
    if (value.type.bits == 8) {
        const Func codes = group.elements(x);
        Func numbers("numbers");
        numbers(k, row) = number_of_bits(product, codes(k, from));
        return gather_codes(product, numbers, static_cast<int>(group.kernel.k), padded_words);
    }
    const Func words = group.words(x);
    const Planes planes = planes_of(value.shape);
    Func of_row("words");
    if (value.shape.size() == 2) {
        of_row(word, row) = words(word, from);
    } else {
        const int in_pixel = static_cast<int>((planes.channels + 31) / 32) * value.type.bits,
                  width = static_cast<int>(value.shape[3]);
        const Expr pixel = word / in_pixel;
        of_row(word, row) = words(word % in_pixel, pixel % width, pixel / width, from);
    }
    return bytes_of_words(product, of_row, static_cast<int>(planes.channels), words_of_row(group, value),
                          padded_words);
}

// x: codes (k, row), w: words (lane, word, panel).
Func bytes_by_bytes(GroupLowering &group, const Node &node, const Tuning &tuning) {
    const Value &x = group.graph.value(node.inputs[0]), &w = group.graph.value(node.inputs[1]);
    const ByteProduct product = byte_product_of(x, is_centered(node), w, group.kernel.target, tuning);
    const int words = words_of_row(group, x);
    const Func codes = bytes_of(group, node.inputs[0], product, product.digit_planes > 1 || tuning.tiles,
                                padded_words(tuning, words));
    const Func weights = group.words(node.inputs[1]);
    const Func accumulate = row_products(
        group, product, tuning, words,
        [&](const Expr &bit, const Expr &word) { return codes(bit, word, row); },
        digits_of(product, weights));
    Func sum("sum");
    const RDom step = steps_of(product, words);
    sum(row) = 0;
    sum(row) += sum_of_fields(product, codes(step.x, step.y, row));
    group.stage("codes", codes);
    group.stage("sum", sum);
    Func acc("acc");
    acc(c, n) = integer_product(group, product, words, accumulate, {n}, sum(n), weights);
    return acc;
}

}  // namespace

void lower_integer_dense(GroupLowering &group, const Node &node) {
    const Value &x = group.graph.value(node.inputs[0]);
    const Value &w = group.graph.value(node.inputs[1]);
    internal_check(w.layout == Layout::OutputPanels &&
                       x.layout == (x.type.bits == 8 ? Layout::Logical : Layout::PackedWords),
                   "integer_dense '{}': no arithmetic for {} ({}) x {} ({})", node.name, to_string(x.type),
                   to_string(x.layout), to_string(w.type), to_string(w.layout));
    const int64_t inputs = element_count(features_of(x), 1, node.name);
    user_check(inputs <= kMostInputs, "dense '{}': expected at most {} inputs, found {}", node.name,
               kMostInputs, inputs);
    check_accumulator(group, node);

    Kernel &kernel = group.kernel;
    kernel.n = w.shape[0];
    kernel.k = inputs;
    kernel.m = group.options.batch.value_or(0);
    const Arithmetic arithmetic = choose_arithmetic(group.graph, node, group.options);
    const bool popcount = arithmetic == Arithmetic::Popcount;
    kernel.family = fmt::format("dense/{}", to_string(arithmetic));
    kernel.operands = fmt::format("w{}a{}", w.type.bits, x.type.bits);
    const Tuning &tuning = find_schedule(kernel.family, kernel.target).tuning;
    group.define(node.outputs[0],
                 popcount ? bits_by_bits(group, node, tuning) : bytes_by_bytes(group, node, tuning));
}

}  // namespace quantide
