#include "compiler/lower/byte_products.h"

#include "compiler/base/integers.h"
#include "schedules/markers.h"

#include <algorithm>

namespace quantide {

using Halide::cast;
using Halide::Expr;
using Halide::Func;
using Halide::RDom;
using Halide::Var;

namespace {

const Var lane("lane"), panel("panel"), bit("bit"), word("word"), digit("digit"), block("block");

/** A number in every field of so many bits of a lane. */
Expr in_fields(int width, int number) {
    const uint32_t most = (1U << width) - 1;
    return cast<uint32_t>(Expr((static_cast<uint32_t>(number) & most) * (UINT32_MAX / most)));
}

/** The numbers of `planes` planes in fields of `width` bits: of inputs 32 word + b + {0, width, ...} if plane
 * p has a word given by `plane`. */
Expr plain_numbers(int width, int planes, bool doubles, const Expr &b,
                   const std::function<Expr(int)> &plane) {
    Expr sum;
    for (int p = 0; p < planes; ++p) {
        const Expr ones = (plane(p) >> cast<uint32_t>(b)) & in_fields(width, 1);
        const Expr weighted = doubles && p > 0 ? ones << p : ones;
        sum = p == 0 ? weighted : doubles ? sum | weighted : sum + weighted;
    }
    return sum;
}

/** Numbers of planes first to first + count - 1, each of which doubles, in fields of `width` bits: those of
 * the bits b, b + width, b + 2 width, ... of a word, b taken modulo the width. */
Expr woven_planes(int first, int count, int width, const Expr &b, const std::function<Expr(int)> &plane) {
    if (width == 1) {
        return plane(first);
    }
    const int half = width / 2;
    const uint32_t lower = UINT32_MAX / ((1U << half) + 1);  // of each field its lower half
    const auto every_other = [&](const Expr &halves) {
        return (halves >> cast<uint32_t>(b & half)) & cast<uint32_t>(Expr(lower));
    };
    const Expr low = every_other(woven_planes(first, std::min(count, half), half, b, plane));
    return count <= half
               ? low
               : low | (every_other(woven_planes(first + half, count - half, half, b, plane)) << half);
}

/** As plain_numbers, where all steps of a word are wanted: planes are woven pair by pair, and what steps
 * share is computed once. */
Expr woven_numbers(int width, int planes, const Expr &b, const std::function<Expr(int)> &plane) {
    int narrow = 1;
    while (narrow < planes) {
        narrow *= 2;
    }
    const Expr woven = woven_planes(0, planes, narrow, b, plane);
    return narrow == width
               ? woven
               : (woven >> cast<uint32_t>(b & (width - narrow))) & in_fields(width, (1 << narrow) - 1);
}

/** x + y, field by field. */
Expr add_fields(int width, const Expr &x, const Expr &y) {
    const Expr top = in_fields(width, 1 << (width - 1)), rest = in_fields(width, (1 << (width - 1)) - 1);
    return ((x & rest) + (y & rest)) ^ ((x ^ y) & top);
}

/** As the lane's type says whether its fields are signed. */
Expr with_sign(const Expr &fields, bool is_signed) { return is_signed ? cast<int32_t>(fields) : fields; }

/** What dot products can do: bytes four by four, bytes in pairs, bytes by bits; numbers of 16 bits in pairs.
 */
enum class Unit : uint8_t { Dot, Pairs, MaskedAdd, Shorts };

}  // namespace

ByteProduct byte_product_of(const Value &x, bool centered, const Value &w, const Halide::Target &target,
                            const Tuning &tuning) {
    const IntegerView x_view = integer_view(x.encoding), w_view = weight_view(w.encoding);
    const bool is_x86 = target.arch == Halide::Target::X86;
    const Unit unit = tuning.width == 16                                    ? Unit::Shorts
                      : tuning.block == 0                                   ? Unit::Dot
                      : is_x86 && !target.has_feature(Halide::Target::AVX2) ? Unit::MaskedAdd
                                                                            : Unit::Pairs;
    ByteProduct product{.width = tuning.width,
                        .x = NumberPlanes(x_view),
                        .w = NumberPlanes(w_view),
                        .w_bytes = w.type.bits == 8};
    int least_x = 0, most_x = product.x.most;
    const int x_multiplier = x_view.multipliers[0] * (centered ? 2 : 1);
    const int x_addend =
        centered ? static_cast<int>(2 * x_view.addend - x_view.twice_middle()) : x_view.addend;
    const bool apart = unit == Unit::MaskedAdd;
    if (x.type.bits < 8 && !apart) {
        product.x_multiplier = x_multiplier;
        product.x_addend = x_addend;
        product.x_signed = true;
        least_x = x_addend;
        most_x = x_addend + x_multiplier * product.x.most;
        internal_check(least_x >= -128 && most_x <= 127 && x_multiplier * product.x.most <= 255,
                       "no bytes for inputs of {} bits", x.type.bits);
    }
    const int largest_x = std::max(-least_x, most_x);
    product.digit_planes = unit == Unit::MaskedAdd ? 1 : product.w.count;
    // x86 multiplies unsigned by signed bytes, Arm two of a kind.
    const bool wants_signed = is_x86 ? !product.x_signed : product.x_signed;
    if (unit == Unit::Dot && product.w.most > 127 && wants_signed) {
        product.w_bias = 128;
        product.w_signed = true;
    }
    if (unit == Unit::Pairs || unit == Unit::MaskedAdd) {
        // Eight steps at least, a word, are added up in 16 bits, and no pair of products saturates.
        const auto steps = [&](int planes) {
            const int64_t pair = int64_t{2} * largest_x * product.w.most_of(planes);
            const bool wide = !product.x_signed && (pair <= INT16_MAX || !is_x86);
            return static_cast<int>((wide ? UINT16_MAX : INT16_MAX) / pair);
        };
        while (steps(product.digit_planes) < 8 ||
               (wants_signed && product.w.most_of(product.digit_planes) > 127)) {
            product.digit_planes--;
            internal_check(product.digit_planes > 0, "products of {} bits in 16", x.type.bits);
        }
        product.block = std::min(tuning.block, steps(product.digit_planes) / 8);
    }
    product.w_signed = product.w_signed || unit == Unit::Shorts || (!is_x86 && product.x_signed);
    product.digits = static_cast<int>(divide_up(product.w.count, product.digit_planes));
    product.digit_planes = static_cast<int>(divide_up(product.w.count, product.digits));
    if (unit == Unit::Pairs && wants_signed && is_x86 && product.digits > 1) {
        // Digits about 0 make signed sums, which one instruction widens.
        product.w_bias = 1 << (product.digit_planes - 1);
        product.w_signed = true;
        product.block = INT16_MAX / (2 * largest_x * product.w_bias) / 8;
        internal_check(product.block > 0, "products of {} bits in 16", x.type.bits);
    }
    int bias = 0;
    for (int digit = 0; digit < product.digits; ++digit) {
        bias += product.w_bias << (digit * product.digit_planes);
    }
    product.multiplier = w_view.multipliers[0];
    product.addend = bias * w_view.multipliers[0] + w_view.addend;
    if (x.type.bits < 8 && apart) {
        const auto depth = static_cast<int>(planes_of(w.shape, Layout::FlatPanels).channels);
        product.weight_multiplier = x_addend * product.multiplier;
        product.constant = x_addend * product.addend * depth;
        product.multiplier *= x_multiplier;
        product.addend *= x_multiplier;
    }
    return product;
}

Func bytes_of_words(const ByteProduct &product, const Func &words, int channels, int count,
                    int padded_count) {
    std::vector<Var> args = words.args();
    args[0] = word;
    args.insert(args.begin(), bit);
    const auto plane_of_codes = [&](int p) -> Expr {
        std::vector<Expr> at(args.begin() + 1, args.end());
        const Expr there = count == padded_count ? Expr(word) : Halide::min(word, count - 1);
        at[0] = word_of_plane(there, product.x.of_code, p);
        return words(at);
    };
    const Expr numbers = plain_numbers(product.width, product.x.count, product.x.doubles, bit,
                                       [&](int p) { return product.x(p, plane_of_codes); });
    internal_check(product.x_multiplier == 1 || product.x_multiplier == 2 || product.x_multiplier == 4,
                   "fields times {}", product.x_multiplier);
    const int shift = product.x_multiplier / 2;
    Expr fields = shift == 0 ? numbers : numbers << shift;
    if (product.x_addend != 0) {
        fields = add_fields(product.width, fields, in_fields(product.width, product.x_addend));
        if (const int rest = channels % 32; rest != 0) {
            Expr there = cast<uint32_t>(0);
            const Expr one = cast<uint32_t>(Expr((1U << product.width) - 1));
            for (int first = 0; first < 32; first += product.width) {
                there = there | Halide::select(first + bit < rest, one << first, cast<uint32_t>(0));
            }
            fields = Halide::select(word % (channels / 32 + 1) == channels / 32, fields & there, fields);
        }
    }
    if (count != padded_count) {
        fields = Halide::select(word < count, fields, cast<uint32_t>(0));
    }
    Func codes("codes");
    codes(args) = with_sign(fields, product.x_signed);
    return codes;
}

Expr fields_of(const ByteProduct &product, const Expr &b, const Expr &i, int inputs, int most,
               const std::function<Expr(const Expr &)> &number) {
    Expr fields = cast<uint32_t>(0);
    for (int first = 0; first < 32; first += product.width) {
        const Expr k = 32 * i + first + b;
        const Expr shifted = cast<uint32_t>(number(inputs == most ? k : Halide::min(k, inputs - 1))) << first;
        fields = fields | (inputs == most ? shifted : Halide::select(k < inputs, shifted, cast<uint32_t>(0)));
    }
    return fields;
}

namespace {

/** Whether the fields of weights are the bytes that lie in memory. */
bool lie_as_fields(const ByteProduct &product) {
    return product.w_bytes && product.width == 8 && product.digits == 1 && product.w_bias == 128;
}

/** A digit of weights that lie as bytes: step b of 8 is a word of them. */
Expr digits_of_bytes(const ByteProduct &product, const Func &w, const Expr &b, const Expr &i, const Expr &d) {
    const int planes = product.digit_planes, width = product.width;
    const Expr bytes = w(lane, 8 * i + (width == 8 ? b : b % 8), panel) ^ Expr(kZeroBytes);
    const auto number = [&](const Expr &bits) {
        return product.w.doubles || planes == 1 ? bits : byte_popcounts(bits);
    };
    if (width == 8 && product.digits == 1) {
        return number(bytes);
    }
    const Expr shift = width == 8 ? d * planes : d * planes + b / 8 * 8;
    const auto mask = [&](int bits) { return in_fields(width, (1 << bits) - 1); };
    const int in_last = 8 - (product.digits - 1) * planes;
    return number((bytes >> cast<uint32_t>(shift)) &
                  (in_last == planes ? mask(planes)
                                     : Halide::select(d == product.digits - 1, mask(in_last), mask(planes))));
}

/** Plane p of a digit of weights that lie as bits. */
Expr plane_of_digit(const ByteProduct &product, const Func &w, const Expr &i, const Expr &d, int p) {
    const auto plane_of_codes = [&](const Expr &plane) {
        return w(lane, word_of_plane(i, product.w.of_code, plane), panel);
    };
    const int planes = product.w.count, step = product.digit_planes;
    if (product.w.are_of_code()) {
        const Expr plane = d * step + p;
        return product.digits * step == planes
                   ? plane_of_codes(plane)
                   : Halide::select(plane < planes, plane_of_codes(Halide::min(plane, planes - 1)),
                                    cast<uint32_t>(0));
    }
    std::vector<Expr> of_digits;
    for (int plane = p; plane < product.digits * step; plane += step) {
        of_digits.push_back(plane < planes ? product.w(plane, plane_of_codes) : cast<uint32_t>(Expr(0)));
    }
    return product.digits == 1 ? of_digits[0] : Halide::mux(d, of_digits);
}

Expr weight_fields(const ByteProduct &product, const Func &w, const Expr &b, const Expr &i, const Expr &d) {
    const auto plane_of = [&](int p) { return plane_of_digit(product, w, i, d, p); };
    if (lie_as_fields(product)) {
        return with_sign(w(lane, 8 * i + b, panel), product.w_signed);
    }
    const int width = product.width;
    const Expr numbers = product.w_bytes     ? digits_of_bytes(product, w, b, i, d)
                         : product.w.doubles ? woven_numbers(width, product.digit_planes, b, plane_of)
                                             : plain_numbers(width, product.digit_planes, false, b, plane_of);
    return with_sign(
        product.w_bias == 0 ? numbers : add_fields(width, numbers, in_fields(width, -product.w_bias)),
        product.w_signed);
}

}  // namespace

DigitsAt digits_of(const ByteProduct &product, const Func &w) {
    return [product, w](const Expr &b, const Expr &i, const Expr &digit) {
        return weight_fields(product, w, b, i, digit);
    };
}

Func byte_products(GroupLowering &group, const ByteProduct &product, int words, const Place &place,
                   const FieldsAt &codes, const DigitsAt &given) {
    group.kernel.plane_pairs = group.kernel.digits = product.digits;
    DigitsAt weight = given;
    group.kernel.blocks_weights = lie_as_fields(product);
    if (product.digit_planes > 1 && !group.kernel.blocks_weights) {
        Func weights("weights");
        weights(lane, bit, digit, word, panel) = given(bit, word, digit);
        group.stage("weights", weights);
        weight = [weights](const Expr &b, const Expr &i, const Expr &d) {
            return weights(lane, b, d, i, panel);
        };
    }
    const std::vector<Var> args = args_of(place);
    Func accumulate("accumulate");
    group.stage("accumulate", accumulate);
    accumulate(args) = 0;
    if (product.block == 0) {
        const RDom r = steps_of(product, words);
        const Expr x = codes(r.x, r.y), y = weight(r.x, r.y, 0);
        accumulate(args) = product.width == 16 ? short_dot(accumulate(args), cast<int32_t>(x), y)
                                               : byte_dot(accumulate(args), x, y);
        return accumulate;
    }
    const int blocks = static_cast<int>(divide_up(words, product.block)),
              length = static_cast<int>(divide_up(words, blocks));
    group.kernel.words_of_step = length;
    std::vector<Var> narrow_args = args;
    narrow_args.insert(narrow_args.end(), {digit, block});
    const bool is_signed = product.x_signed || product.w_signed;
    Func narrow("narrow");
    narrow(narrow_args) = with_sign(cast<uint32_t>(0), is_signed);
    RDom step = steps_of(product, length);
    Expr at = block * length + step.y;
    if (blocks * length != words) {
        step.where(at < words);
        at = Halide::unsafe_promise_clamped(at, 0, words - 1);
    }
    narrow(narrow_args) = byte_pair_dots(narrow(narrow_args), codes(step.x, at), weight(step.x, at, digit));
    const RDom all({{0, product.digits}, {0, blocks}}, "block");
    std::vector<Expr> part(args.begin(), args.end());
    part.insert(part.end(), {Expr(all.x), Expr(all.y)});
    const Expr sum = pair_sum(narrow(part));
    accumulate(args) +=
        product.digits == 1 || !product.w.doubles ? sum : sum << cast<uint32_t>(all.x * product.digit_planes);
    group.stage("narrow", narrow);
    return accumulate;
}

namespace {

/** The sum of the numbers of 32 inputs' weights: Int(32). */
Expr sum_of_numbers(const ByteProduct &product, const Func &w, const Expr &i) {
    Expr sum = 0;
    for (int step = 0; product.w_bytes && step < 8; ++step) {
        const Expr bytes = w(lane, 8 * i + step, panel) ^ Expr(kZeroBytes);
        sum += product.w.doubles ? byte_sum(bytes) : cast<int32_t>(Halide::popcount(bytes));
    }
    for (int p = 0; !product.w_bytes && p < product.w.count; ++p) {
        const Expr plane = product.w(
            p, [&](int of_code) { return w(lane, word_of_plane(i, product.w.of_code, of_code), panel); });
        sum += cast<int32_t>(Halide::popcount(plane)) << (product.w.doubles ? p : 0);
    }
    return sum;
}

}  // namespace

Expr number_of_bits(const ByteProduct &product, const Expr &code) {
    return product.x.doubles ? code : Halide::popcount(code);
}

Expr sum_of_fields(const ByteProduct &product, const Expr &lane) {
    return product.width == 16 ? pair_sum(cast<int32_t>(lane)) : byte_sum(lane);
}

RDom steps_of(const ByteProduct &product, int words) {
    return RDom({{0, product.width}, {0, words}}, "step");
}

Expr integer_product(GroupLowering &group, const ByteProduct &product, int words, const Func &dots,
                     const Place &place, const Expr &total, const Func &w) {
    const Var c("c");
    Expr acc = product.multiplier * from_panels(dots, c, place, group.kernel.n);
    if (product.addend != 0) {
        acc += product.addend * total;
    }
    if (product.weight_multiplier != 0) {
        Func ones("weight_total");
        const RDom i(0, words, "word");
        ones(lane, panel) = 0;
        ones(lane, panel) += sum_of_numbers(product, w, i);
        group.stage("weight_total", ones);
        acc += product.weight_multiplier * from_panels(ones, c, {}, group.kernel.n) + product.constant;
    }
    return acc;
}

}  // namespace quantide
