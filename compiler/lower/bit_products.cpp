#include "compiler/lower/bit_products.h"

#include "schedules/markers.h"

namespace quantide {

using Halide::cast;
using Halide::Expr;
using Halide::Func;
using Halide::RDom;
using Halide::Var;

namespace {

const Var lane("lane"), panel("panel"), block("block");

std::vector<Var> block_args(const Place &place) {
    std::vector<Var> args = args_of(place);
    args.push_back(block);
    return args;
}

/** The same with a block of its own. */
std::vector<Expr> with_block(const Place &place, const Expr &b) {
    const std::vector<Var> args = args_of(place);
    std::vector<Expr> result(args.begin(), args.end());
    result.push_back(b);
    return result;
}

/** What is added up for word `word` of a pair of planes. */
using Term = std::function<Expr(const Expr &word, const Expr &pair)>;

/** Blocks of all pairs, numbered pair by pair. */
struct Blocks {
    int in_pair, pairs;
    Expr pair(const Expr &b) const { return pairs == 1 ? 0 : in_pair == 1 ? b : b / in_pair; }
    Expr inside(const Expr &b) const { return pairs == 1 ? b : in_pair == 1 ? Expr(0) : b % in_pair; }
    Expr weighted(const PlanePairs &planes, const Expr &b, const Expr &sum) const {
        return pairs == 1 ? sum : sum << cast<uint32_t>(planes.shift(pair(b)));
    }
};

/** The index of a word, where the last block is not whole: steps beyond the last word are left out, which
 * bounds inference does not see. */
Expr word_index(const Expr &i, int words, bool whole) {
    return whole ? i : Halide::unsafe_promise_clamped(i, 0, words - 1);
}

/** A sum whose terms are packed in the fields of a 32-bit lane: `longest` words are added up in these fields
 * and then widened to 32 bits, so that no field overflows. */
Func sum_in_blocks(GroupLowering &group, const Place &place, int words, const PlanePairs &pairs, int longest,
                   const Term &term, const std::function<Expr(const Expr &)> &widened) {
    const int blocks = (words + longest - 1) / longest;
    const int length = (words + blocks - 1) / blocks;
    const Blocks all_blocks{blocks, pairs.count()};
    const Expr inside = all_blocks.inside(block);
    Func narrow("narrow"), accumulate("accumulate");
    const auto at_block = [&](const Expr &b) { return with_block(place, b); };
    narrow(block_args(place)) = cast<uint32_t>(0);
    RDom step(0, length, "word");
    const bool whole = blocks * length == words;
    if (!whole) {
        step.where(inside * length + step < words);
    }
    narrow(at_block(block)) += term(word_index(inside * length + step, words, whole), all_blocks.pair(block));
    const RDom all(0, blocks * pairs.count(), "block");
    accumulate(args_of(place)) = cast<uint32_t>(0);
    accumulate(args_of(place)) += all_blocks.weighted(pairs, all, widened(narrow(at_block(all))));
    group.stage("narrow", narrow);
    return accumulate;
}

Expr sum_of_bytes(const Expr &x) { return cast<uint32_t>(byte_sum(x)); }

/** A full adder on every bit: x + y + z = sum + 2 carry. */
struct FullAdder {
    Expr sum, carry;
    FullAdder(const Expr &x, const Expr &y, const Expr &z) : sum(x ^ y ^ z), carry((x & y) | ((x ^ y) & z)) {}
};

// Where a popcount takes many instructions, full adders first condense eight words and three running words of
// weight 1, 2 and 4 into one word of weight 8 (Harley and Seal; Mula, Kurz & Lemire 2017): one popcount in
// eight words instead of eight. `word(i)` is counted for i < words.
Func carry_save_popcount(GroupLowering &group, const Place &place, int words, const PlanePairs &pairs,
                         int longest,
                         const std::function<Expr(const Expr &word, const Expr &pair)> &counted_word) {
    const int eights = words / 8;
    const int blocks = (eights + longest - 1) / longest;
    const int length = (eights + blocks - 1) / blocks;
    const Blocks all_blocks{blocks, pairs.count()};
    const Expr inside = all_blocks.inside(block), none = cast<uint32_t>(0);
    const auto word = [&](const Expr &i) { return counted_word(i, all_blocks.pair(block)); };
    Func narrow("narrow"), accumulate("accumulate");
    const auto at_block = [&](const Expr &b) { return with_block(place, b); };
    // What is left of the words is in the running ones of a pair's first block.
    const auto left = [&](int i) { return 8 * eights + i < words ? word(8 * eights + i) : none; };
    const FullAdder left1(left(0), left(1), left(2)), left2(left1.sum, left(3), left(4)),
        left3(left2.sum, left(5), left(6)), left_twos(left1.carry, left2.carry, left3.carry);
    const auto in_first = [&](const Expr &x) { return Halide::select(inside == 0, x, none); };
    narrow(block_args(place)) =
        Halide::Tuple(in_first(left3.sum), in_first(left_twos.sum), in_first(left_twos.carry), none);
    RDom step(0, length, "word");
    const bool whole = blocks * length == eights;
    if (!whole) {
        step.where(inside * length + step.x < eights);
    }
    const Expr eight = word_index(inside * length + step.x, eights, whole);
    const auto at = [&](int i) { return word(8 * eight + i); };
    const Halide::FuncTupleElementRef ones = narrow(at_block(block))[0], twos = narrow(at_block(block))[1],
                                      fours = narrow(at_block(block))[2], count = narrow(at_block(block))[3];
    const FullAdder one1(ones, at(0), at(1)), one2(one1.sum, at(2), at(3)), one3(one2.sum, at(4), at(5)),
        one4(one3.sum, at(6), at(7));
    const FullAdder two1(twos, one1.carry, one2.carry), two2(two1.sum, one3.carry, one4.carry);
    const FullAdder four(fours, two1.carry, two2.carry);
    narrow(at_block(block)) = Halide::Tuple(one4.sum, two2.sum, four.sum, count + byte_popcounts(four.carry));

    const RDom all(0, blocks * pairs.count(), "block");
    const auto counted = [&](int i) -> Expr { return narrow(at_block(all))[i]; };
    const Expr low =
        byte_popcounts(counted(0)) + 2 * byte_popcounts(counted(1)) + 4 * byte_popcounts(counted(2));
    const bool in_bytes = 8 * (8 * length + 7) <= UINT8_MAX;
    accumulate(args_of(place)) = none;
    accumulate(args_of(place)) += all_blocks.weighted(
        pairs, all,
        in_bytes ? sum_of_bytes(8 * counted(3) + low) : 8 * sum_of_bytes(counted(3)) + sum_of_bytes(low));
    group.stage("narrow", narrow);
    return accumulate;
}

}  // namespace

namespace {

/** Whether each plane counts twice the one before; if not, all count the same. */
bool doubles(const IntegerView &view) {
    const std::vector<int> &m = view.multipliers;
    const auto each = [&](int factor) {
        for (size_t p = 1; p < m.size(); ++p) {
            if (m[p] != factor * m[p - 1]) {
                return false;
            }
        }
        return true;
    };
    internal_check(each(2) || each(1), "no products of planes that count neither twice nor the same");
    return each(2);
}

/** Of all planes in units of the first one's. */
int64_t weight_of_planes(const IntegerView &view) { return (view.max() - view.min()) / view.multipliers[0]; }

}  // namespace

std::vector<Var> args_of(const Place &place) {
    std::vector<Var> args{lane};
    args.insert(args.end(), place.begin(), place.end());
    args.push_back(panel);
    return args;
}

void check_accumulator(const GroupLowering &group, const Node &node) {
    const Value &x = group.graph.value(node.inputs[0]), &w = group.graph.value(node.inputs[1]);
    user_check(group.graph.value(node.outputs[0]).type == Int(32),
               "'{}': expected sums that fit in 32 bits, found {} products of {} and {} bits; fewer bits or "
               "inputs would do",
               node.name, planes_of(w.shape, Layout::FlatPanels).channels, x.type.bits, w.type.bits);
}

PlanePairs::PlanePairs(const IntegerView &x_view, const IntegerView &w_view)
    : x(static_cast<int>(x_view.multipliers.size())),
      w(static_cast<int>(w_view.multipliers.size())),
      x_doubles(doubles(x_view)),
      w_doubles(doubles(w_view)) {}

// With planes as +-1, the numbers of x and w are sums of m_p s_p / 2, and a product of two planes is K - 2
// differing.
Expr centered_product(const IntegerView &x, const IntegerView &w, int64_t k, const Expr &differing) {
    const int unit = (x.twice_middle() == 0 ? 1 : 2) * x.multipliers[0] * w.multipliers[0];
    internal_check(w.twice_middle() == 0 && (unit == 1 || unit == 2 || unit % 4 == 0),
                   "a product in units of {} / 4", unit);
    const int64_t whole = weight_of_planes(x) * weight_of_planes(w) * k;
    const Expr sum = static_cast<int>(whole) - 2 * cast<int32_t>(differing);
    return unit % 4 == 0 ? unit / 4 * sum : sum / (4 / unit);
}

Func popcounts(GroupLowering &group, int words, const PlanePairs &pairs, const Place &place,
               const Tuning &tuning, const std::function<Expr(const Expr &, const Expr &)> &counted) {
    group.kernel.plane_pairs = pairs.count();
    Func accumulate("accumulate");
    if (tuning.block == 0 && pairs.count() == 1) {
        const RDom word(0, words, "word");
        accumulate(args_of(place)) = cast<uint32_t>(0);
        accumulate(args_of(place)) += Halide::popcount(counted(word, 0));
    } else if (tuning.block == 0) {
        const Term term = [&](const Expr &word, const Expr &pair) {
            return Halide::popcount(counted(word, pair));
        };
        accumulate =
            sum_in_blocks(group, place, words, pairs, words, term, [](const Expr &sum) { return sum; });
    } else if (tuning.condense && words >= 8) {
        accumulate = carry_save_popcount(group, place, words, pairs, tuning.block, counted);
    } else {
        const Term term = [&](const Expr &word, const Expr &pair) {
            return byte_popcounts(counted(word, pair));
        };
        accumulate = sum_in_blocks(group, place, words, pairs, tuning.block, term, sum_of_bytes);
    }
    group.stage("accumulate", accumulate);
    return accumulate;
}

}  // namespace quantide
