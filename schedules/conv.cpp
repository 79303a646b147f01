#include "schedules/families.h"
#include "schedules/panels.h"

namespace quantide {

using namespace loops;
using Halide::Expr;
using Halide::Func;
using Halide::MemoryType;
using Halide::RVar;
using Halide::Stage;
using Halide::TailStrategy;
using Halide::Var;
using Halide::VarOrRVar;

namespace {

/** Reductions of so many words have their addresses known: they are unrolled. */
constexpr int64_t kMostUnrolled = 40;

void unroll_all(Stage s, const std::vector<RVar> &steps) {
    for (const RVar &step : steps) {
        s.unroll(step);
    }
}

/** The positions of a tile of accumulators: (lane, x, y, n, panel, ...). */
struct Positions {
    Var x, y;
    bool together;  ///< all in registers at once, or one after the other

    explicit Positions(const Func &accumulate, bool at_once)
        : x(accumulate.args()[1]), y(accumulate.args()[2]), together(at_once) {}

    void in_registers(Stage s, const Var &lanes, int vector) const {
        s.vectorize(lanes, vector).unroll(lanes);
        if (together) {
            s.unroll(x).unroll(y);
        }
    }
    /** lanes, [positions,] steps, [positions,] rest. */
    std::vector<VarOrRVar> order(const Var &lanes, const std::vector<RVar> &steps,
                                 const std::vector<Var> &rest) const {
        std::vector<VarOrRVar> result{lanes};
        if (together) {
            result.insert(result.end(), {x, y});
        }
        result.insert(result.end(), steps.begin(), steps.end());
        result.insert(result.end(), rest.begin(), rest.end());
        if (!together) {
            result.insert(result.end(), {x, y});
        }
        return result;
    }
};

}  // namespace

// Outputs are lanes; positions of a row of the image make a tile. A panel of weights stays in L1 while an
// image passes; but where the codes of a position are gathered first (w1a8), a tile of positions passes all
// panels.
void schedule_conv(Kernel &kernel, const Tuning &tuning) {
    Func out = kernel.outputs[0], codes = find_stage(kernel, "codes"), narrow = find_stage(kernel, "narrow"),
         accumulate = find_stage(kernel, "accumulate");
    const Var x = out.args()[1], y = out.args()[2], n = out.args()[3];
    const bool positions_outside = codes.defined();
    const Panels panels = schedule_panels(kernel, tuning);
    out.split(x, tile, inner, tile_width(kernel.width, tuning.rows / kernel.pooled),
              TailStrategy::ShiftInwards)
        .unroll(inner);
    std::vector<VarOrRVar> order = panels.inside;
    positions_outside ? order.insert(order.end(), {panels.loop, tile, y, n})
                      : order.insert(order.end(), {tile, y, panels.loop, n});
    out.reorder(order);
    if (kernel.parallel) {
        out.parallel(positions_outside ? y : panels.loop);
    }
    schedule_padding(kernel, y, n, 1);
    if (positions_outside) {
        codes.compute_at(out, tile).store_in(MemoryType::Register);
        codes.bound(codes.args()[0], 0, 8).unroll(codes.args()[0]);
        Func sum = find_stage(kernel, "sum");
        sum.compute_at(out, tile).store_in(MemoryType::Stack);
        sum.update().atomic().vectorize(sum.rvars()[0]);
    }

    const Positions positions(accumulate, tuning.rows > 1);
    const bool unrolled = kernel.k / 32 <= kMostUnrolled;
    accumulate.bound(lane, 0, panels.lanes)
        .compute_at(out, positions_outside ? panels.loop : tile)
        .store_in(MemoryType::Stack);
    positions.in_registers(accumulate, lane, tuning.vector);
    Stage update = accumulate.update();
    std::vector<RVar> steps = accumulate.rvars();
    update.split(lane, chunk, inner, std::min(panels.lanes, tuning.lanes), TailStrategy::GuardWithIf);
    update.reorder(positions.order(inner, steps, {chunk}));
    positions.in_registers(update, inner, tuning.vector);
    if (narrow.defined()) {
        narrow.compute_at(accumulate, steps[0]).store_in(MemoryType::Stack);
        positions.in_registers(narrow, lane, tuning.vector);
        update = narrow.update();
        steps = narrow.rvars();
        update.reorder(positions.order(lane, steps, {}));
        positions.in_registers(update, lane, tuning.vector);
    }
    if (steps.size() > 1) {
        update.unroll(steps[0]);
    } else if (unrolled) {
        unroll_all(update, steps);
    }
}

// Channels are lanes, positions of a row make a tile, taps go by one after the other.
void schedule_taps(Kernel &kernel, const Tuning &tuning) {
    Func out = kernel.outputs[0], pack = find_stage(kernel, "pack");
    Func accumulate = find_stage(kernel, "accumulate"), channel_scale = find_stage(kernel, "channel_scale");
    const std::vector<Var> args = out.args();
    const Var x = args[1], y = args[2], n = args[3];
    const int vector = kernel.target.natural_vector_size<float>();
    const Var panels("panel");
    const int in_tile = tile_width(kernel.width, tuning.rows / kernel.pooled);
    if (pack.defined()) {
        out.split(x, tile, inner, in_tile, TailStrategy::ShiftInwards).reorder(inner, tile, y, args[0], n);
        pack.compute_at(out, inner).store_in(MemoryType::Register);
        pack.update().atomic().vectorize(pack.rvars()[0]);
        accumulate.compute_at(out, tile);
    } else {
        out.split(args[0], panels, lane, tuning.lanes, TailStrategy::GuardWithIf)
            .split(x, tile, inner, in_tile, TailStrategy::ShiftInwards)
            .reorder(lane, inner, tile, y, panels, n)
            .vectorize(lane, vector)
            .unroll(lane)
            .unroll(inner);
        accumulate.compute_at(out, tile);
    }
    if (kernel.parallel) {
        out.parallel(y);
    }
    if (channel_scale.defined()) {
        channel_scale.compute_root().store_in(MemoryType::Register);
        channel_scale.vectorize(channel_scale.args()[0], vector, TailStrategy::GuardWithIf);
    }
    schedule_padding(kernel, y, n, vector);
    const std::vector<Var> at = accumulate.args();
    accumulate.store_in(MemoryType::Stack).vectorize(at[0], vector, TailStrategy::GuardWithIf);
    std::vector<VarOrRVar> order{at[0], at[1], at[2]};
    for (const RVar &tap : accumulate.rvars()) {
        order.emplace_back(tap);
    }
    accumulate.update().reorder(order).vectorize(at[0], vector, TailStrategy::GuardWithIf);
    accumulate.update().unroll(at[1]);
}

}  // namespace quantide
