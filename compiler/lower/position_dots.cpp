#include "compiler/lower/position_dots.h"

#include "compiler/base/integers.h"
#include "compiler/lower/gradient_dots.h"
#include "compiler/lower/window.h"
#include "schedules/markers.h"

namespace quantide {

using Halide::cast;
using Halide::Expr;
using Halide::Func;
using Halide::RDom;
using Halide::Var;

namespace {

/** Positions whose products are summed in registers before the sum goes to memory. */
constexpr int64_t kFewestPositionsOfBytes = 256, kFewestPositionsOfTiles = 1024;

const Var lane("lane"), panel("panel"), block("block"), quad("quad"), tap("tap"), c("c"), x("x"), y("y"),
    n("n");

/** The images of so many positions that make a block: a divisor of their number. */
int images_of_block(int64_t images, int64_t positions, int64_t fewest) {
    int64_t best = 1;
    for (int64_t in_block = 2; in_block <= images && in_block * positions < 2 * fewest; ++in_block) {
        best = images % in_block == 0 ? in_block : best;
    }
    return static_cast<int>(best);
}

/** Neighbouring elements from `first` on, see packed_lane. */
Expr lane_from(int count, const Expr &first, const std::function<Expr(const Expr &)> &element) {
    std::vector<Expr> all;
    for (int i = 0; i < count; ++i) {
        all.push_back(element(first + i));
    }
    return packed_lane(all);
}

}  // namespace

int rows_of_block(int64_t height, int64_t width, int64_t fewest) {
    for (int64_t rows = 1; rows < height; ++rows) {
        if (height % rows == 0 && rows * width >= fewest) {
            return static_cast<int>(rows);
        }
    }
    return static_cast<int>(height);
}

// Four columns of dy are a lane, as are those beside each other of the image: what a tap reads of them is
// one word wherever it begins.
PositionDots dots_by_columns(GroupLowering &group, const PositionOperands &of, Halide::Type wide) {
    const int columns = static_cast<int>(of.out[3]), height = static_cast<int>(of.out[2]),
              width = static_cast<int>(of.window.kernel[1]);
    const int in_block = rows_of_block(height, columns, kFewestPositionsOfBytes),
              images = in_block < height
                           ? 1
                           : images_of_block(of.out[0], int64_t{height} * columns, kFewestPositionsOfBytes);
    const Var images_of("images");
    Func bytes("bytes"), terms("terms"), partial("partial"), sum("sum");
    bytes(x, c, y, n) = of.number(x, c, y, n);
    terms(lane, quad, y, n, panel) = cast<int32_t>(lane_of(
        4,
        [&](const Expr &column) -> Expr {
            const Expr byte = of.gradient(Halide::min(column, columns - 1), y, n, 0);
            return columns % 4 == 0 ? byte : Halide::select(column < columns, byte, cast<uint32_t>(0));
        },
        4 * quad));
    const RDom r({{0, static_cast<int>(divide_up(columns, 4))}, {0, in_block}, {0, images}}, "position");
    const Expr row = block * in_block + r.y, image = images_of * images + r.z;
    const Expr numbers = lane_from(4, 4 * r.x, [&](const Expr &column) {
        return bytes(input_of(of.window, 1, column, tap % width), c, input_of(of.window, 0, row, tap / width),
                     image);
    });
    partial(lane, c, tap, panel, block, images_of) = 0;
    partial(lane, c, tap, panel, block, images_of) = byte_dot(partial(lane, c, tap, panel, block, images_of),
                                                              terms(lane, r.x, row, image, panel), numbers);
    const RDom all({{0, height / in_block}, {0, static_cast<int>(of.out[0]) / images}}, "block");
    sum(lane, c, tap, panel) = cast(wide, 0);
    sum(lane, c, tap, panel) += cast(wide, partial(lane, c, tap, panel, all.x, all.y));
    group.stage("partial", partial);
    group.stage("bytes", bytes);
    group.stage("terms", terms);
    return {sum, [=](const Expr &column, const Expr &channel, const Expr &row_of, const Expr &image_of) {
                return bytes(column, channel, row_of, image_of);
            }};
}

// Channels are multiplied by outputs, summed over positions in the order of a padded image, some images or a
// part of one at a time: what a tap reads of successive positions is one stretch of it.
PositionDots dots_by_tiles(GroupLowering &group, const PositionOperands &of, const TileNumbers &numbers) {
    const int columns = static_cast<int>(of.out[3]), height = static_cast<int>(of.out[2]),
              batch = static_cast<int>(of.out[0]), depth = static_cast<int>(of.in[1]);
    const Raster raster(of.window, of.out);
    const int in_lane = numbers.in_word() / 8, in_step = 16 * in_lane, planes = numbers.weight_planes;
    const auto steps = static_cast<int>(divide_up(raster.width * height, in_step));
    // Gradients of a block, as many bytes for each of 32 outputs.
    const int64_t fewest = kFewestPositionsOfTiles * in_lane / (4 * planes);
    const int images = images_of_block(batch, int64_t{in_step} * steps, fewest),
              parts = static_cast<int>(divide_up(int64_t{in_step} * steps, 2 * fewest)),
              in_part = static_cast<int>(divide_up(steps, parts));
    const Var place("place"), plane("plane");
    Func image("raster"), terms("terms"), sum("sum");
    const std::vector<Expr> pixel = raster.pixel(0, place, of.in);
    image(place, c, n) = of.number(pixel[0], Halide::min(c, depth - 1), pixel[1], n);
    const auto gradient_at = [&](const Expr &position) {
        const Expr column = position % raster.width, row = position / raster.width;
        return Halide::select(
            column < columns && row < height,
            of.gradient(Halide::min(column, columns - 1), Halide::min(row, height - 1), n, plane),
            cast<uint32_t>(0));
    };
    const Expr gradients = lane_of(in_lane, gradient_at, in_lane * quad);
    terms(lane, plane, quad, n, panel) = numbers.bytes ? cast<int32_t>(gradients) : gradients;
    const RDom r({{0, 8}, {0, 2}, {0, images * in_part * planes}, {0, batch / images * parts}}, "tile");
    const Expr step = r.z / planes, at = r.w / parts * images + step / in_part;
    const Expr number = 16 * (r.w % parts * in_part + step % in_part) + 8 * r.y + r.x;
    const Expr of_channel = lane_from(in_lane, raster.place(in_lane * number, tap),
                                      [&](const Expr &there) { return image(there, c, at); }),
               of_outputs = terms(lane, r.z % planes, number, at, panel);
    sum(lane, c, tap, panel) = cast(numbers.bytes ? Halide::Int(32) : Halide::Float(32), 0);
    const Expr before = sum(lane, c, tap, panel);
    sum(lane, c, tap, panel) = numbers.bytes ? byte_dot(before, of_channel, of_outputs)
                                             : bfloat16_dot(before, of_channel, of_outputs);
    group.kernel.plane_pairs = planes;
    group.stage("raster", image);
    group.stage("terms", terms);
    const int left = static_cast<int>(of.window.pads[1]), top = static_cast<int>(of.window.pads[0]);
    return {sum, [=](const Expr &column, const Expr &channel, const Expr &row_of, const Expr &image_of) {
                return image((row_of + top) * raster.width + column + left, channel, image_of);
            }};
}

}  // namespace quantide
