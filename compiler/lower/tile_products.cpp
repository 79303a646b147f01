#include "compiler/lower/tile_products.h"

#include "compiler/base/integers.h"
#include "schedules/markers.h"

#include <algorithm>

namespace quantide {

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

TileSteps::TileSteps(int of_taps, int of_words) : taps(of_taps), words(of_words) {
    const auto all = static_cast<int>(divide_up(words, 2));
    blocks = static_cast<int>(divide_up(all, std::max(1, kStepsInCache / taps)));
    pairs = static_cast<int>(divide_up(all, blocks));
}

Func tile_products(GroupLowering &group, const TileSteps &steps, const Place &place,
                   const std::function<Expr(const Expr &bit, const Expr &word, const Expr &tap)> &codes,
                   const FieldsAt &weight) {
    const Var lane("lane"), panel("panel"), bit("bit"), word("word"), digit("digit");
    const int in_block = steps.pairs * steps.taps;
    const auto word_of = [&](const Expr &block, const Expr &step, const Expr &half) {
        return 2 * (block * steps.pairs + step / steps.taps) + half;
    };
    Func weights("weights");
    const Expr step = word / 2 % in_block,
               in_tap = Halide::min(word_of(word / 2 / in_block, step, word % 2), steps.words - 1);
    weights(lane, bit, digit, word, panel) = weight(bit, step % steps.taps * steps.words + in_tap);
    group.stage("weights", weights);

    const std::vector<Var> args = args_of(place);
    Func accumulate("accumulate");
    group.stage("accumulate", accumulate);
    accumulate(args) = 0;
    // Bits, halves of a pair, steps of a block, blocks.
    const RDom r({{0, 8}, {0, 2}, {0, in_block}, {0, steps.blocks}}, "tile");
    accumulate(args) = byte_dot(accumulate(args), codes(r.x, word_of(r.w, r.z, r.y), r.z % steps.taps),
                                weights(lane, r.x, 0, 2 * (r.w * in_block + r.z) + r.y, panel));
    return accumulate;
}

int padded_words(const Tuning &tuning, int words) {
    return tuning.tiles ? TileSteps(1, words).padded_words() : words;
}

Func row_products(GroupLowering &group, const ByteProduct &product, const Tuning &tuning, int words,
                  const FieldsAt &codes, const DigitsAt &weights) {
    const Var row("row");
    return tuning.tiles
               ? tile_products(
                     group, TileSteps(1, words), {row},
                     [&](const Expr &bit, const Expr &word, const Expr &) { return codes(bit, word); },
                     [&](const Expr &bit, const Expr &word) { return weights(bit, word, 0); })
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

int64_t Raster::row_bytes(int words) const {
    const int64_t phases = window.strides[0] * window.strides[1];
    return int64_t{32} * width * (phases * words + 4);
}

}  // namespace quantide
