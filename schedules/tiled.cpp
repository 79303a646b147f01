#include "schedules/families.h"
#include "schedules/panels.h"
#include "schedules/tiles.h"

#include <algorithm>
#include <cmath>

namespace quantide {

using namespace loops;
using Halide::Func;
using Halide::MemoryType;
using Halide::RVar;
using Halide::Stage;
using Halide::TailStrategy;
using Halide::Var;
using Halide::VarOrRVar;

namespace {

/** Bytes of inputs and sums of a strip of an image, which L2 holds. */
constexpr int64_t kMostStrip = 384 << 10;
/** Bytes of rows' planes that all panels of inputs read again. */
constexpr int64_t kMostPlanes = 3 << 19;

}  // namespace

void split_tiles(Stage update, const std::vector<RVar> &steps, const Var &rows, const Tuning &tuning,
                 const std::vector<VarOrRVar> &around) {
    update.rename(steps[0], tile_loops::bit)
        .rename(steps[1], tile_loops::half)
        .rename(steps[2], tile_loops::step);
    update.split(rows, tile, inner, tuning.rows, TailStrategy::RoundUp)
        .split(inner, tile_loops::rows, tile_loops::row, 16)
        .split(lane, tile_loops::outputs, lane, tuning.vector);
    std::vector<VarOrRVar> order{lane,
                                 tile_loops::bit,
                                 tile_loops::half,
                                 tile_loops::row,
                                 tile_loops::outputs,
                                 tile_loops::rows,
                                 tile_loops::step,
                                 tile};
    order.insert(order.end(), around.begin(), around.end());
    update.reorder(order).vectorize(lane);
}

void schedule_tiles(const Kernel &kernel, const Halide::LoopLevel &at, const Panels &panels,
                    const Tuning &tuning, const Halide::Expr &many) {
    Func accumulate = find_stage(kernel, "accumulate");
    const Var rows = accumulate.args()[1];
    accumulate.bound(lane, 0, panels.lanes).compute_at(at).store_in(MemoryType::Register);
    accumulate.vectorize(lane, tuning.vector).unroll(lane);
    const std::vector<RVar> r = accumulate.rvars();
    Stage update = accumulate.update();
    if (many.defined()) {
        Stage one_by_one = update;
        update = update.specialize(many);
        one_by_one.reorder({lane, r[0], r[1], r[2], rows, r[3]}).vectorize(lane, tuning.vector).unroll(lane);
        one_by_one.unroll(r[0]);
    }
    split_tiles(update, r, rows, tuning, {r[3]});
    Func weights = find_stage(kernel, "weights");
    weights.compute_at(accumulate, r[3]).store_in(MemoryType::Register);
    expand_in_registers(kernel, tuning);
}

void schedule_tile_dense(Kernel &kernel, const Tuning &tuning) {
    const Panels panels = schedule_panels(kernel, tuning);
    const int rows = schedule_spans(kernel, panels, tuning, kMostTileRows, kMostTileBytes);
    Func out = kernel.outputs[0];
    schedule_tiles(kernel, {out, panels.loop}, panels, tuning, rows_of(kernel) >= kFewestTileRows);
    find_stage(kernel, "accumulate").bound_storage(row, rows);
}

// The rows' planes, more than a stack takes, serve all panels.
void schedule_tile_input_gradient(Kernel &kernel, const Tuning &tuning) {
    const Panels panels = schedule_panels(kernel, tuning);
    Func out = kernel.outputs[0], codes = find_stage(kernel, "codes");
    const int64_t most_rows = std::min(kMostTileRows, kMostPlanes / (2 * kernel.plane_pairs * kernel.k));
    const int rows = split_rows(kernel, panels, tuning, most_rows);
    schedule_tiles(kernel, {out, panels.loop}, panels, tuning, {});
    find_stage(kernel, "accumulate").bound_storage(row, rows);
    codes.compute_root().bound(codes.args()[0], 0, tuning.width);
    schedule_row_lanes(kernel, codes);
    if (kernel.parallel) {
        codes.parallel(row);
    }
}

void schedule_tile_conv(Kernel &kernel, const Tuning &tuning) {
    Func out = kernel.outputs[0];
    const Var x = out.args()[1], y = out.args()[2], n = out.args()[3];
    const Panels panels = schedule_panels(kernel, tuning);
    const int in_tile = tile_width(kernel.width, 4);
    out.split(x, tile, inner, in_tile, TailStrategy::ShiftInwards).unroll(inner);
    // Rows of the output before a pooling.
    const auto pooled_rows = static_cast<int64_t>(std::ceil(std::sqrt(kernel.pooled)));
    const int64_t rows = std::clamp(kMostStrip / (kernel.row_bytes * pooled_rows), int64_t{1}, kernel.height);
    out.split(y, strip, y, static_cast<int>(rows), TailStrategy::ShiftInwards);
    std::vector<VarOrRVar> order = panels.inside;
    order.insert(order.end(), {tile, y, panels.loop, strip, n});
    out.reorder(order);
    if (kernel.parallel) {
        out.parallel(panels.loop);
    }
    schedule_image(kernel, {out, strip}, MemoryType::Register, tuning.vector);
    schedule_tiles(kernel, {out, panels.loop}, panels, tuning, {});
}

}  // namespace quantide
