#include "compiler/lower/op_table.h"
#include "schedules/markers.h"
#include "schedules/schedule.h"

namespace quantide {

using Halide::cast;
using Halide::Expr;
using Halide::Func;
using Halide::RDom;
using Halide::Var;

namespace {

/** Up to here every accumulator and its double fit in 32 bits, and the codes of a row on the stack. */
constexpr int kMostInputs = 1 << 20;

const Var lane("lane"), row("row"), panel("panel"), block("block"), c("c"), n("n");

/** What is added up for word `word` of the weights (for w1a8, bit `bit` of each of its bytes). */
using Term = std::function<Expr(const Expr &word, const Expr &bit)>;

/** The domain of a sum over `words` words and, innermost, the `bits` bits of their bytes. */
RDom steps_of(int words, int bits) {
    return bits == 1 ? RDom(0, words, "word") : RDom({{0, bits}, {0, words}}, "step");
}

Expr word_of(const RDom &r) { return r.dimensions() == 1 ? Expr(r.x) : Expr(r.y); }
Expr bit_of(const RDom &r) { return r.dimensions() == 1 ? Expr(0) : Expr(r.x); }

/** A sum whose terms are packed in the fields of a 32-bit lane: `longest` words are added up in these fields
 * and then widened to 32 bits, so that no field overflows. */
Func sum_in_blocks(GroupLowering &group, int words, int bits, int longest, const Term &term,
                   const std::function<Expr(const Expr &)> &widened) {
    const int blocks = (words + longest - 1) / longest;
    const int length = (words + blocks - 1) / blocks;
    Func narrow("narrow"), accumulate("accumulate");
    narrow(lane, row, panel, block) = cast<uint32_t>(0);
    RDom step = steps_of(length, bits);
    if (blocks * length != words) {
        step.where(block * length + word_of(step) < words);
    }
    narrow(lane, row, panel, block) += term(block * length + word_of(step), bit_of(step));
    const RDom all(0, blocks, "block");
    accumulate(lane, row, panel) = cast<uint32_t>(0);
    accumulate(lane, row, panel) += widened(narrow(lane, row, panel, all));
    group.stage("narrow", narrow);
    return accumulate;
}

Expr lower_field(const Expr &x) { return x & 0xffff; }

/** The sum of the two 16-bit fields. */
Expr pair_sum(const Expr &x) { return lower_field(x) + (x >> 16); }

/** The sum of the four bytes. */
Expr byte_sum(const Expr &x) {
    const Expr even = cast<uint32_t>(0x00ff00ff);
    return pair_sum((x & even) + ((x >> 8) & even));
}

/** A full adder on every bit: x + y + z = sum + 2 carry. */
struct FullAdder {
    Expr sum, carry;
    FullAdder(const Expr &x, const Expr &y, const Expr &z) : sum(x ^ y ^ z), carry((x & y) | ((x ^ y) & z)) {}
};

// Where a popcount takes many instructions, full adders first condense eight words and three running words of
// weight 1, 2 and 4 into one word of weight 8 (Harley and Seal; Mula, Kurz & Lemire 2017): one popcount in
// eight words instead of eight. `word(i)` is counted for i < words.
Func carry_save_popcount(GroupLowering &group, int words, int longest,
                         const std::function<Expr(const Expr &)> &word) {
    const int eights = words / 8;
    const int blocks = (eights + longest - 1) / longest;
    const int length = (eights + blocks - 1) / blocks;
    const Expr none = cast<uint32_t>(0);
    Func narrow("narrow"), accumulate("accumulate");
    narrow(lane, row, panel, block) = Halide::Tuple(none, none, none, none);
    RDom step = steps_of(length, 1);
    if (blocks * length != eights) {
        step.where(block * length + step.x < eights);
    }
    const auto at = [&](int i) { return word(8 * (block * length + step.x) + i); };
    const Halide::FuncTupleElementRef ones = narrow(lane, row, panel, block)[0],
                                      twos = narrow(lane, row, panel, block)[1],
                                      fours = narrow(lane, row, panel, block)[2],
                                      count = narrow(lane, row, panel, block)[3];
    const FullAdder one1(ones, at(0), at(1)), one2(one1.sum, at(2), at(3)), one3(one2.sum, at(4), at(5)),
        one4(one3.sum, at(6), at(7));
    const FullAdder two1(twos, one1.carry, one2.carry), two2(two1.sum, one3.carry, one4.carry);
    const FullAdder four(fours, two1.carry, two2.carry);
    narrow(lane, row, panel, block) =
        Halide::Tuple(one4.sum, two2.sum, four.sum, count + byte_popcounts(four.carry));

    const RDom whole(0, blocks, "block");
    const auto counted = [&](int i) -> Expr { return narrow(lane, row, panel, whole)[i]; };
    accumulate(lane, row, panel) = none;
    accumulate(lane, row, panel) +=
        8 * byte_sum(counted(3)) + byte_sum(4 * byte_popcounts(counted(2)) + 2 * byte_popcounts(counted(1)) +
                                            byte_popcounts(counted(0)));
    group.stage("narrow", narrow);
    return accumulate;
}

// x: words (word, row), w: words (lane, word, panel); acc = K - 2 popcount(x ^ w). Padding cancels: both 0.
Expr sign_by_sign(GroupLowering &group, const Func &x, const Func &w, const Tuning &tuning) {
    const int words = static_cast<int>((group.kernel.k + 31) / 32);
    const auto differing = [&](const Expr &word) { return w(lane, word, panel) ^ x(word, row); };
    Func accumulate("accumulate");
    if (tuning.block == 0) {
        const RDom word(0, words, "word");
        accumulate(lane, row, panel) = cast<uint32_t>(0);
        accumulate(lane, row, panel) += Halide::popcount(differing(word));
    } else if (tuning.condense && words % 8 == 0) {
        accumulate = carry_save_popcount(group, words, tuning.block, differing);
    } else {
        const Term term = [&](const Expr &word, const Expr &) { return byte_popcounts(differing(word)); };
        accumulate = sum_in_blocks(group, words, 1, tuning.block, term, byte_sum);
    }
    group.stage("accumulate", accumulate);
    return from_panels(accumulate, c, n, group.kernel.n);
}

/** The codes of a row four by four as bytes of a word, in the order in which shifting a word of weights by
 * 0..7 brings its bits to the lowest bits of its bytes: (bit, word) holds inputs 32 word + bit + {0, 8, 16,
 * 24}. */
Func gather_codes(const Func &x, int inputs) {
    const Var bit("bit"), word("word");
    const int full = inputs / 32;
    const int rest = inputs % 32;
    Func codes("codes");
    codes(bit, word, row) = Halide::undef<uint32_t>();
    if (full > 0) {
        const RDom r(0, full, "full");
        Expr four = cast<uint32_t>(0);
        for (int byte = 0; byte < 4; ++byte) {
            four = four | (cast<uint32_t>(x(32 * r + 8 * byte + bit, row)) << (8 * byte));
        }
        codes(bit, r, row) = four;
    }
    if (rest > 0) {
        Expr four = cast<uint32_t>(0);
        for (int byte = 0; byte < 4; ++byte) {
            const Expr code = cast<uint32_t>(x(Halide::min(32 * full + 8 * byte + bit, inputs - 1), row));
            four = four | Halide::select(8 * byte + bit < rest, code << (8 * byte), cast<uint32_t>(0));
        }
        codes(bit, full, row) = four;
    }
    return codes;
}

// x: codes (k, row) of 8 bits, w: words (lane, word, panel); acc = 2 sum_k x bit - sum_k x.
Expr byte_by_sign(GroupLowering &group, const Func &x, const Func &w, const Tuning &tuning) {
    const int inputs = static_cast<int>(group.kernel.k);
    const int words = (inputs + 31) / 32;
    const Func codes = gather_codes(x, inputs);
    const auto bits = [&](const Expr &word, const Expr &bit) {
        return (w(lane, word, panel) >> cast<uint32_t>(bit)) & cast<uint32_t>(0x01010101);
    };
    Func accumulate("accumulate");
    if (tuning.block == 0) {
        const RDom r = steps_of(words, 8);
        accumulate(lane, row, panel) = 0;
        accumulate(lane, row, panel) =
            byte_dot(accumulate(lane, row, panel), codes(r.x, r.y, row), bits(r.y, r.x));
    } else {
        const Term term = [&](const Expr &word, const Expr &bit) {
            return byte_pair_dots(codes(bit, word, row), bits(word, bit));
        };
        accumulate = sum_in_blocks(group, words, 8, tuning.block, term, pair_sum);
    }
    Func sum("sum");
    const RDom step = steps_of(words, 8);
    sum(row) = cast<uint32_t>(0);
    sum(row) += byte_sum(codes(step.x, step.y, row));
    group.stage("accumulate", accumulate);
    group.stage("codes", codes);
    group.stage("sum", sum);
    return 2 * cast<int32_t>(from_panels(accumulate, c, n, group.kernel.n)) - cast<int32_t>(sum(n));
}

}  // namespace

void lower_integer_dense(GroupLowering &group, const Node &node) {
    const Value &x = group.graph.value(node.inputs[0]);
    const Value &w = group.graph.value(node.inputs[1]);
    const IntegerView x_view = integer_view(x.encoding);
    const IntegerView w_view = integer_view(w.encoding);
    const bool signs = x.type == UInt(1) && x_view.addend == -1;
    const bool bytes = x.type == UInt(8) && x_view.addend == 0;
    internal_check((signs || bytes) && w.type == UInt(1) && w_view.addend == -1 &&
                       w.layout == Layout::OutputPanels &&
                       x.layout == (signs ? Layout::PackedWords : Layout::Logical),
                   "integer_dense '{}': no arithmetic for {} ({}) x {} ({})", node.name, to_string(x.type),
                   to_string(x.layout), to_string(w.type), to_string(w.layout));
    user_check(x.shape[1] <= kMostInputs, "dense '{}': expected at most {} inputs, found {}", node.name,
               kMostInputs, x.shape[1]);

    Kernel &kernel = group.kernel;
    kernel.family = signs ? "dense/w1a1" : "dense/w1a8";
    kernel.n = w.shape[0];
    kernel.k = x.shape[1];
    kernel.m = group.options.batch.value_or(0);
    const Tuning &tuning = find_schedule(kernel.family, kernel.target).tuning;
    Func acc("acc");
    if (signs) {
        const Expr differing =
            sign_by_sign(group, group.words(node.inputs[0]), group.words(node.inputs[1]), tuning);
        acc(c, n) = static_cast<int>(kernel.k) - 2 * cast<int32_t>(differing);
    } else {
        acc(c, n) = byte_by_sign(group, group.elements(node.inputs[0]), group.words(node.inputs[1]), tuning);
    }
    group.define(node.outputs[0], acc);
}

}  // namespace quantide
