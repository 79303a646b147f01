#include "compiler/lower/tile_products.h"

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

/** Steps whose weights, 2 KiB each for 32 outputs, leave half of L1 to the inputs. */
constexpr int kStepsInCache = 12;

/** Along an axis (0: rows, 1: columns): what tap `tap` reads, counted in strides from the output's position.
 */
Expr shift_of(const Window &window, int axis, const Expr &tap) {
    const auto a = static_cast<size_t>(axis);
    return tap * static_cast<int>(window.dilations[a]) / static_cast<int>(window.strides[a]);
}

Expr phase_of(const Window &window, int axis, const Expr &tap) {
    const auto a = static_cast<size_t>(axis);
    return tap * static_cast<int>(window.dilations[a]) % static_cast<int>(window.strides[a]);
}

int64_t last_shift(const Window &window, size_t axis) {
    return (window.kernel[axis] - 1) * window.dilations[axis] / window.strides[axis];
}

}  // namespace

TileSteps::TileSteps(int of_taps, int64_t channels, TileNumbers of)
    : numbers(of), taps(of_taps), words(static_cast<int>(divide_up(channels, of.in_word()))) {
    const auto all = static_cast<int>(divide_up(words, 2));
    blocks = static_cast<int>(divide_up(all, std::max(1, kStepsInCache / (taps * numbers.weight_planes))));
    pairs = static_cast<int>(divide_up(all, blocks));
}

Func tile_products(GroupLowering &group, const TileSteps &steps, const Place &place, const TileRowsAt &rows,
                   const TileWeightsAt &weight) {
    const Var lane("lane"), panel("panel"), bit("bit"), word("word"), digit("digit");
    const int in_block = steps.pairs * steps.taps;
    const TileNumbers &numbers = steps.numbers;
    group.kernel.plane_pairs = numbers.row_planes * numbers.weight_planes;
    group.kernel.words_of_plane = numbers.row_planes > 1 ? steps.padded_words() : 0;
    const auto word_of = [&](const Expr &block, const Expr &step, const Expr &half) {
        return 2 * (block * steps.pairs + step / steps.taps) + half;
    };
    Func weights("weights");
    // A pair of words for each plane of a step.
    const Expr pair_of_words = word / 2 / numbers.weight_planes, step = pair_of_words % in_block,
               in_tap = Halide::min(word_of(pair_of_words / in_block, step, word % 2), steps.words - 1);
    weights(lane, bit, digit, word, panel) =
        weight(bit, step % steps.taps * steps.words + in_tap, word / 2 % numbers.weight_planes);
    group.stage("weights", weights);

    const std::vector<Var> args = args_of(place);
    Func accumulate("accumulate");
    group.stage("accumulate", accumulate);
    accumulate(args) = cast(numbers.bytes ? Halide::Int(32) : Halide::Float(32), 0);
    // Bits, halves of a pair, steps of a block for each pair of planes, blocks.
    const RDom r({{0, 8}, {0, 2}, {0, in_block * group.kernel.plane_pairs}, {0, steps.blocks}}, "tile");
    const Expr at = r.z / group.kernel.plane_pairs, pair = r.z % group.kernel.plane_pairs;
    const Expr x = rows(r.x, word_of(r.w, at, r.y) + pair % numbers.row_planes * steps.padded_words(),
                        at % steps.taps),
               w = weights(
                   lane, r.x, 0,
                   2 * ((r.w * in_block + at) * numbers.weight_planes + pair / numbers.row_planes) + r.y,
                   panel);
    accumulate(args) =
        numbers.bytes ? byte_dot(accumulate(args), x, w) : bfloat16_dot(accumulate(args), x, w);
    return accumulate;
}

int padded_words(const Tuning &tuning, int words) {
    return tuning.tiles ? TileSteps(1, int64_t{32} * words).padded_words() : words;
}

Func row_products(GroupLowering &group, const ByteProduct &product, const Tuning &tuning, int words,
                  const FieldsAt &codes, const DigitsAt &weights) {
    const Var row("row");
    return tuning.tiles
               ? tile_products(
                     group, TileSteps(1, int64_t{32} * words), {row},
                     [&](const Expr &bit, const Expr &word, const Expr &) { return codes(bit, word); },
                     weights)
               : byte_products(group, product, words, {row}, codes, weights);
}

Raster::Raster(const Window &of, const Shape &output)
    : window(of), width(static_cast<int>(output[3] + last_shift(of, 1))) {}

Expr Raster::phase(const Expr &tap) const {
    const int kernel_width = static_cast<int>(window.kernel[1]);
    return phase_of(window, 0, tap / kernel_width) * static_cast<int>(window.strides[1]) +
           phase_of(window, 1, tap % kernel_width);
}

Expr Raster::place(const Expr &row, const Expr &tap) const {
    const int kernel_width = static_cast<int>(window.kernel[1]);
    return row + shift_of(window, 0, tap / kernel_width) * width + shift_of(window, 1, tap % kernel_width);
}

std::vector<Expr> Raster::pixel(const Expr &phase, const Expr &place, const Shape &shape) const {
    const auto along = [&](size_t axis, const Expr &index, const Expr &of_phase) {
        const int before = static_cast<int>(window.pads[axis]),
                  last = static_cast<int>(shape[axis + 2] - 1 + window.pads[axis + 2]);
        return Halide::clamp(index * static_cast<int>(window.strides[axis]) + of_phase - before, -before,
                             last);
    };
    const int stride = static_cast<int>(window.strides[1]);
    return {along(1, place % width, phase % stride), along(0, place / width, phase / stride)};
}

int64_t Raster::row_bytes(const TileSteps &steps) const {
    const int64_t phases = window.strides[0] * window.strides[1];
    return int64_t{32} * width * (phases * steps.padded_words() * steps.numbers.row_planes + 4);
}

Func raster_image(GroupLowering &group, const TileSteps &steps, const Raster &raster, const Shape &shape,
                  const Func &lanes) {
    const Var bit("bit"), word("word"), phase("phase"), place("place"), n("n");
    const std::vector<Expr> pixel = raster.pixel(phase, place, shape);
    Func image("image");
    image(bit, word, phase, place, n) = lanes(bit, word, pixel[0], pixel[1], n);
    image.bound(bit, 0, 8);
    if (steps.numbers.row_planes == 1) {
        image.bound(word, 0, steps.padded_words());
    }
    group.stage("image", image);
    group.kernel.row_bytes = raster.row_bytes(steps);
    return image;
}

Func raster_products(GroupLowering &group, const TileSteps &steps, const Raster &raster, const Func &image,
                     const TileWeightsAt &weight) {
    const Var row("row"), n("n");
    return tile_products(
        group, steps, {row, n},
        [&](const Expr &bit, const Expr &word, const Expr &tap) {
            return image(bit, word, raster.phase(tap), raster.place(row, tap), n);
        },
        weight);
}

}  // namespace quantide
