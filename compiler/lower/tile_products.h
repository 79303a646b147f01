#pragma once
#include "compiler/lower/byte_products.h"
#include "compiler/ops/window.h"

namespace quantide {

/** What tiles multiply: bytes, or bfloat16 numbers, so many of which, its planes, add up to one of a row or
 * of a weight. */
struct TileNumbers {
    bool bytes = true;
    int row_planes = 1, weight_planes = 1;

    /** Numbers in a word, 8 lanes of 32 bits. */
    int in_word() const { return bytes ? 32 : 16; }
};

/** The steps of a product by tiles, of two words of inputs each, in blocks whose weights stay in L1: of every
 * tap of a convolution so many pairs of words of channels. Where there are fewer words than that, the
 * inputs' numbers beyond the last are 0. */
struct TileSteps {
    const TileNumbers numbers;
    int taps, words;    ///< of a tap
    int pairs, blocks;  ///< pairs of a tap in a block

    TileSteps(int taps, int64_t channels, TileNumbers numbers = {});
    int padded_words() const { return 2 * pairs * blocks; }
};

/** A lane of a row's numbers, where padded_words() of a plane lie behind those of the one before; of the
 * weights of output (lane, panel), where words of a tap lie behind each other. */
using TileRowsAt =
    std::function<Halide::Expr(const Halide::Expr &bit, const Halide::Expr &word, const Halide::Expr &tap)>;
using TileWeightsAt =
    std::function<Halide::Expr(const Halide::Expr &bit, const Halide::Expr &word, const Halide::Expr &plane)>;

/** sum_k x w: of bytes exact modulo 2^32, Int(32); of bfloat16 numbers Float(32), planes from the first on.
 * The rows' numbers are 0 in the words beyond `steps.words`. The stages "accumulate" and "weights". */
Halide::Func tile_products(GroupLowering &group, const TileSteps &steps, const Place &place,
                           const TileRowsAt &rows, const TileWeightsAt &weight);

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
    /** Bytes of the image, with the words of all planes of a pixel, and of 32 sums that each row of the
     * output takes. */
    int64_t row_bytes(const TileSteps &steps) const;
};

/** The rows of a convolution's tiles: the stage "image", (bit, word, phase, place, n), of what lies at a
 * pixel of an image of `shape` and its padding, lanes (bit, word, x, y, n) of the words of all planes. */
Halide::Func raster_image(GroupLowering &group, const TileSteps &steps, const Raster &raster,
                          const Shape &shape, const Halide::Func &lanes);

/** The products of such an image, (lane, row, n, panel): see tile_products(). */
Halide::Func raster_products(GroupLowering &group, const TileSteps &steps, const Raster &raster,
                             const Halide::Func &image, const TileWeightsAt &weight);

}  // namespace quantide
