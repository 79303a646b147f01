#pragma once
#include "compiler/lower/tile_products.h"

namespace quantide {

/** A convolution whose operands are bytes, its groups not counted: of an image `in` [N, C, H, W] that gives
 * `out`, with the products that a schedule row's tuning wants. */
struct ByteConvolution {
    const ByteProduct product;
    const Tuning &tuning;
    const Window window;
    const Shape in, out;

    int taps() const { return static_cast<int>(window.kernel[0] * window.kernel[1]); }
    /** Of a pixel: words of 32 channels. */
    int words() const;
};

/** What a position gives, (x, y, n): its dots (lane, x, y, n, panel), sum_k x w exact modulo 2^32, and the
 * sum of the bytes it reads, 0 where product.addend is. */
struct ConvolvedBytes {
    Halide::Func dots, sum;
};

/** `image_of(words)` is the image and its padding as bytes (bit, word, x, y, n), 0 in words beyond those of
 * the image; the words of a tap's `weights` lie behind each other. The stages "image", "weights",
 * "accumulate", "narrow", "pixel" and "sum". */
ConvolvedBytes convolve_bytes(GroupLowering &group, const ByteConvolution &conv,
                              const std::function<Halide::Func(int words)> &image_of,
                              const DigitsAt &weights);

}  // namespace quantide
