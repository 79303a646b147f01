#pragma once
#include "compiler/lower/bit_products.h"
#include "compiler/lower/number_planes.h"

namespace quantide {

/** How a product of codes is one of bytes, or of numbers of 16 bits, either of them a field of a lane of 32
 * bits. Of a code's number u (see NumberPlanes) the field of an input is x_multiplier u + x_addend. Weights
 * of several planes are multiplied in one piece, or in digits of neighbouring planes, whose fields are u -
 * w_bias. */
struct ByteProduct {
    int width = 8;  ///< bits of a field
    NumberPlanes x = {}, w = {};
    bool w_bytes = false;  ///< codes of weights lie as bytes, see Layout::OutputPanels
    int x_multiplier = 1, x_addend = 0;
    bool x_signed = false, w_signed = false;
    int w_bias = 0;
    int digits = 1, digit_planes = 1;
    int block = 0;  ///< words whose products of bytes fit in 16 bits; 0: accumulators have 32
    /** The integer product is multiplier * (sum of the fields' products) + addend * (sum of the inputs'
     * fields). */
    int multiplier = 1, addend = 0;
    /** Where bytes cannot be signed, the inputs' addend counts apart: plus weight_multiplier * (sum of the
     * weights' numbers) + constant. */
    int weight_multiplier = 0, constant = 0;
};

/** The product of an input (taken about its middle and doubled if `centered`) and weights as the target's dot
 * products of fields of `tuning.width` bits take it. */
ByteProduct byte_product_of(const Value &x, bool centered, const Value &w, const Halide::Target &target,
                            const Tuning &tuning);

/** What codes(bit, word, place...) must be: inputs 32 word + bit + {0, width, 2 width, ...} in the fields of
 * a lane, Int(32) where they are signed. Here from words(word, place...) of packed codes of `channels`
 * channels; the fields of missing channels are 0, and those of words from `count` on if there are more. */
Halide::Func bytes_of_words(const ByteProduct &product, const Halide::Func &words, int channels, int count,
                            int padded_count);

/** The fields of a lane: numbers, UInt(32), of the inputs k = 32 word + bit + {0, width, ...} of `inputs`;
 * those beyond 0. `k` is below `most`. */
Halide::Expr fields_of(const ByteProduct &product, const Halide::Expr &bit, const Halide::Expr &word,
                       int inputs, int most,
                       const std::function<Halide::Expr(const Halide::Expr &k)> &number);

/** The fields of a lane of codes; of a digit of weights of output (lane, panel). */
using FieldsAt = std::function<Halide::Expr(const Halide::Expr &bit, const Halide::Expr &word)>;
using DigitsAt =
    std::function<Halide::Expr(const Halide::Expr &bit, const Halide::Expr &word, const Halide::Expr &digit)>;

/** Those of packed weights w(lane, word, panel): of inputs 32 word + bit + {0, width, ...}. */
DigitsAt digits_of(const ByteProduct &product, const Halide::Func &w);

/** sum_k x w, exact, Int(32): of `words` words, with the codes of word i at (bit, i, place...), and the
 * weights of output (lane, panel), digits_of() say. The stages "accumulate", "narrow" and, where weights have
 * several planes, "weights": their fields. */
Halide::Func byte_products(GroupLowering &group, const ByteProduct &product, int words, const Place &place,
                           const FieldsAt &codes, const DigitsAt &weights);

/** The number of an input's code of 8 bits. */
Halide::Expr number_of_bits(const ByteProduct &product, const Halide::Expr &code);

/** The sum of the fields of a lane: Int(32). */
Halide::Expr sum_of_fields(const ByteProduct &product, const Halide::Expr &lane);

/** The domain of a sum over words and, innermost, the steps of each. */
Halide::RDom steps_of(const ByteProduct &product, int words);

/** The exact integer product at a place, see ByteProduct: of the sums that byte_products() gave of `words`
 * words, the sum of the place's fields, and weights w(lane, word, panel). The stage "weight_total". */
Halide::Expr integer_product(GroupLowering &group, const ByteProduct &product, int words,
                             const Halide::Func &dots, const Place &place, const Halide::Expr &total,
                             const Halide::Func &w);

}  // namespace quantide
