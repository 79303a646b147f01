#pragma once
#include "compiler/lower/byte_products.h"
#include "compiler/ops/window.h"

namespace quantide {

/** The steps of a product by tiles of bytes, of 64 inputs each, in blocks whose weights stay in L1: of every
 * tap of a convolution so many pairs of words of 32 channels. Where there are fewer words than that, the
 * inputs' bytes beyond the last are 0. */
struct TileSteps {
    int taps, words;    ///< of a tap
    int pairs, blocks;  ///< pairs of a tap in a block

    TileSteps(int taps, int words);
    int padded_words() const { return 2 * pairs * blocks; }
};

/** sum_k x w of bytes, exact modulo 2^32, Int(32): of codes(bit, word, tap), 0 in the words beyond
 * `steps.words`, and of the weights of output (lane, panel) at weight(bit, word), where words of a tap lie
 * behind each other. The stages "accumulate" and "weights". */
Halide::Func tile_products(GroupLowering &group, const TileSteps &steps, const Place &place,
                           const std::function<Halide::Expr(const Halide::Expr &bit, const Halide::Expr &word,
                                                            const Halide::Expr &tap)> &codes,
                           const FieldsAt &weight);

/** Words of a row's bytes, of which those beyond `words` are 0. */
int padded_words(const Tuning &tuning, int words);

/** The products of rows, as a tuning wants them, by tiles or not: byte_products() of `words` words, where
 * codes(bit, word) of a row are 0 in words from `words` on. */
Halide::Func row_products(GroupLowering &group, const ByteProduct &product, const Tuning &tuning, int words,
                          const FieldsAt &codes, const DigitsAt &weights);

/** The positions of a convolution's output as rows of tiles: position (x, y) is row y width + x, and what a
 * tap reads of successive rows lies one after the other in an image bytes(bit, word, phase, place, n). A
 * phase has the pixels of one remainder of a stride. Rows where x is beyond the output hold nothing. */
struct Raster {
    const Window window;
    int width;

    Raster(const Window &of, const Shape &output);
    Halide::Expr row(const Halide::Expr &x, const Halide::Expr &y) const { return y * width + x; }
    /** Where a tap finds what it reads of a row. */
    Halide::Expr phase(const Halide::Expr &tap) const;
    Halide::Expr place(const Halide::Expr &row, const Halide::Expr &tap) const;
    /** The pixel at a place, within an image of `shape` and its padding: {x, y}. */
    std::vector<Halide::Expr> pixel(const Halide::Expr &phase, const Halide::Expr &place,
                                    const Shape &shape) const;
    /** Bytes of the image, with so many words a pixel, and of 32 sums that each row of the output takes. */
    int64_t row_bytes(int words) const;
};

}  // namespace quantide
