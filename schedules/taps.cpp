#include "schedules/families.h"
#include "schedules/panels.h"

namespace quantide {

using namespace loops;
using Halide::Func;
using Halide::MemoryType;
using Halide::RVar;
using Halide::Stage;
using Halide::TailStrategy;
using Halide::Var;

namespace {

/** Reductions of so few channels are unrolled whole. */
constexpr int kFewChannels = 4;

}  // namespace

// Outputs are lanes, positions of a row make a tile, and a panel of weights passes all images.
void schedule_taps(Kernel &kernel, const Tuning &tuning) {
    Func out = kernel.outputs[0], accumulate = find_stage(kernel, "accumulate");
    const Var x = out.args()[1], y = out.args()[2], n = out.args()[3];
    const Panels panels = schedule_panels(kernel, tuning);
    out.split(x, tile, inner, tile_width(kernel.width, tuning.rows / kernel.pooled),
              TailStrategy::ShiftInwards)
        .unroll(inner);
    std::vector<Halide::VarOrRVar> order = panels.inside;
    order.insert(order.end(), {tile, y, n, panels.loop});
    out.reorder(order);
    if (kernel.parallel) {
        out.parallel(panels.loop);
    }
    if (Func weights = find_stage(kernel, "weights"); weights.defined()) {
        weights.bound(lane, 0, 32).compute_at(out, panels.loop).store_in(MemoryType::Register);
        weights.vectorize(lane, tuning.vector).unroll(lane);
    }
    schedule_padding(kernel, y, n, tuning.vector);

    const Var in_x = accumulate.args()[1], in_y = accumulate.args()[2];
    accumulate.bound(lane, 0, panels.lanes).compute_at(out, tile).store_in(MemoryType::Stack);
    accumulate.vectorize(lane, tuning.vector).unroll(lane).unroll(in_x).unroll(in_y);
    const std::vector<RVar> taps = accumulate.rvars();
    Stage update = accumulate.update();
    update.split(lane, chunk, lane, std::min(panels.lanes, tuning.lanes), TailStrategy::GuardWithIf)
        .reorder(lane, in_x, in_y, taps[0], taps[1], taps[2], chunk);
    update.vectorize(lane, tuning.vector).unroll(lane).unroll(in_x).unroll(in_y);
    if (kernel.channels <= kFewChannels) {
        update.unroll(taps[0]);
    }
}

}  // namespace quantide
