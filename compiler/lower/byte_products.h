#pragma once
#include "compiler/lower/bit_products.h"

namespace quantide {

/** How a product of codes is one of bytes. A code's number u counts the bits of its planes in units of the
 * first plane's; the byte of an input is x_multiplier u + x_addend. Weights of several planes are
 * multiplied in one piece, or in digits of neighbouring planes, whose bytes are u - w_bias. */
struct ByteProduct {
    int x_planes, w_planes;
    bool x_doubles, w_doubles;  ///< each plane counts twice the one before, or the same
    int x_multiplier = 1, x_addend = 0;
    bool x_signed = false, w_signed = false;
    int w_bias = 0;
    int digits = 1, digit_planes = 1;
    int block = 0;  ///< words whose products fit in 16 bits; 0: accumulators have 32
    /** The integer product is multiplier * (sum of the bytes' products) + addend * (sum of the inputs'
     * bytes). */
    int multiplier = 1, addend = 0;
    /** Where bytes cannot be signed, the inputs' addend counts apart: plus weight_multiplier * (sum of the
     * weights' numbers) + constant. */
    int weight_multiplier = 0, constant = 0;
};

/** The product of an input of `x_bits` bits (taken about its middle and doubled if `centered`) and weights as
 * the target's byte dot products take it. */
ByteProduct byte_product_of(const Value &x, bool centered, const Value &w, const Halide::Target &target,
                            const Tuning &tuning);

/** What codes(bit, word, place...) must be: inputs 32 word + bit + {0, 8, 16, 24} in the bytes of a 32-bit
 * lane, Int(32) where the bytes are signed. Here from words(word, place...) of packed codes of `channels`
 * channels; the bytes of missing channels are 0, and those of words from `count` on if there are more. */
Halide::Func bytes_of_words(const ByteProduct &product, const Halide::Func &words, int channels, int count,
                            int padded_count);

/** The bytes of a digit of weights w(lane, word, panel): of inputs 32 word + bit + {0, 8, 16, 24}. */
Halide::Expr weight_bytes(const ByteProduct &product, const Halide::Func &w, const Halide::Expr &bit,
                          const Halide::Expr &word, const Halide::Expr &digit);

/** sum_k x w, exact, Int(32): of `words` words of weights w(lane, word, panel), with the codes of word i at
 * (bit, i, place...) and the sum of a place's bytes in `total`. The stages "accumulate", "narrow" and,
 * where weights have several planes, "weights": their bytes. */
Halide::Func byte_products(
    GroupLowering &group, const ByteProduct &product, int words, const Place &place,
    const std::function<Halide::Expr(const Halide::Expr &bit, const Halide::Expr &word)> &codes,
    const Halide::Func &w);

/** The number of an input's code of 8 bits, a byte. */
Halide::Expr number_of_bits(const ByteProduct &product, const Halide::Expr &code);

/** The sum of the bytes of a lane: Int(32). */
Halide::Expr total_of_bytes(const Halide::Expr &lane);

/** The exact integer product at a place, see ByteProduct: of the sums that byte_products() gave of `words`
 * words, the sum of the place's bytes, and weights w(lane, word, panel). The stage "weight_total". */
Halide::Expr integer_product(GroupLowering &group, const ByteProduct &product, int words,
                             const Halide::Func &dots, const Place &place, const Halide::Expr &total,
                             const Halide::Func &w);

}  // namespace quantide
