#include "compiler/lower/byte_convolution.h"

#include "compiler/base/integers.h"
#include "compiler/lower/window.h"

namespace quantide {

using Halide::Expr;
using Halide::Func;
using Halide::RDom;
using Halide::Var;

namespace {

const Var lane("lane"), panel("panel"), bit("bit"), word("word"), x("x"), y("y"), n("n");

/** The sums of the bytes that an output reads, in the coordinates of `places`: the stages "pixel" and "sum",
 * or 0 where they count nothing. `at_tap` gives the coordinates of a tap's pixel. */
Func sum_of_bytes(GroupLowering &group, const ByteConvolution &conv, const Func &image,
                  const std::vector<Var> &places,
                  const std::function<std::vector<Expr>(const Expr &)> &at_tap) {
    Func pixel("pixel"), sum("sum");
    if (conv.product.addend == 0) {
        sum(places) = 0;
        return sum;
    }
    const RDom step = steps_of(conv.product, conv.words()), tap(0, conv.taps(), "tap");
    const std::vector<Var> all = image.args(), pixels(all.begin() + 2, all.end());
    std::vector<Expr> bytes(pixels.begin(), pixels.end());
    bytes.insert(bytes.begin(), {step.x, step.y});
    pixel(pixels) = 0;
    pixel(pixels) += sum_of_fields(conv.product, image(bytes));
    sum(places) = 0;
    sum(places) += pixel(at_tap(tap));
    group.stage("pixel", pixel);
    group.stage("sum", sum);
    return sum;
}

// The image becomes bytes first, pixel by pixel.
ConvolvedBytes by_positions(GroupLowering &group, const ByteConvolution &conv, const Func &image,
                            const DigitsAt &weights) {
    const int words = conv.words(), width = static_cast<int>(conv.window.kernel[1]);
    const auto pixel_of = [&](const Expr &tap) -> std::vector<Expr> {
        return {input_of(conv.window, 1, x, tap % width), input_of(conv.window, 0, y, tap / width), n};
    };
    const Func dots = byte_products(
        group, conv.product, conv.taps() * words, {x, y, n},
        [&](const Expr &b, const Expr &i) {
            std::vector<Expr> at = pixel_of(i / words);
            at.insert(at.begin(), {b, i % words});
            return image(at);
        },
        weights);
    stage_fields(group, image, conv.product.width, words, conv.in, conv.window);
    return {dots, sum_of_bytes(group, conv, image, {x, y, n}, pixel_of)};
}

// The same with positions as rows of tiles.
ConvolvedBytes by_tiles(GroupLowering &group, const ByteConvolution &conv,
                        const std::function<Func(int words)> &image_of, const DigitsAt &weights) {
    const TileSteps steps(conv.taps(), conv.in[1]);
    const Raster raster(conv.window, conv.out);
    const Var position("row");
    const Func image = raster_image(group, steps, raster, conv.in, image_of(steps.padded_words()));
    const Func accumulate = raster_products(group, steps, raster, image, weights);
    const auto at_tap = [&](const Expr &tap) -> std::vector<Expr> {
        return {raster.phase(tap), raster.place(position, tap), n};
    };
    const Func row_sum = sum_of_bytes(group, conv, image, {position, n}, at_tap);
    Func dots("dots"), sum("sums");
    dots(lane, x, y, n, panel) = accumulate(lane, raster.row(x, y), n, panel);
    sum(x, y, n) = row_sum(raster.row(x, y), n);
    return {dots, sum};
}

}  // namespace

int ByteConvolution::words() const { return static_cast<int>(divide_up(in[1], 32)); }

ConvolvedBytes convolve_bytes(GroupLowering &group, const ByteConvolution &conv,
                              const std::function<Func(int words)> &image_of, const DigitsAt &weights) {
    return conv.tuning.tiles ? by_tiles(group, conv, image_of, weights)
                             : by_positions(group, conv, image_of(conv.words()), weights);
}

}  // namespace quantide
