#include "compiler/base/integers.h"
#include "schedules/families.h"
#include "schedules/panels.h"

namespace quantide {

using namespace loops;
using Halide::Expr;
using Halide::Func;
using Halide::LoopLevel;
using Halide::MemoryType;
using Halide::RVar;
using Halide::Stage;
using Halide::TailStrategy;
using Halide::Var;
using Halide::VarOrRVar;

namespace {

/** Reductions of so many words have their addresses known: they are unrolled. */
constexpr int64_t kMostUnrolled = 40;
/** Positions of which codes are gathered at a time. */
constexpr int64_t kMostStrip = 64;
/** Positions that do not outweigh expanding the weights. */
constexpr int64_t kFewPositions = 256;

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

/** The codes of positions as lanes, and their totals. */
void schedule_codes(const Kernel &kernel, const LoopLevel &at, const Tuning &tuning) {
    Func codes = find_stage(kernel, "codes"), sum = find_stage(kernel, "sum");
    const std::vector<Var> args = codes.args();
    const Var bit = args[0], word = args[1], x = args[2];
    codes.compute_at(at).store_in(MemoryType::Register).bound(bit, 0, tuning.width);
    codes.reorder(x, bit, word).reorder_storage(x, bit, word).unroll(bit);
    codes.vectorize(x, tuning.vector, TailStrategy::GuardWithIf);
    const int words = static_cast<int>(divide_up(kernel.k, 32));
    if (words <= (tuning.block == 0 ? kMostUnrolled : tuning.block)) {
        codes.bound(word, 0, words).unroll(word);
    }
    const Var position = sum.args()[0];
    sum.compute_at(at).store_in(MemoryType::Register);
    sum.vectorize(position, tuning.vector, TailStrategy::GuardWithIf);
    std::vector<VarOrRVar> order{position};
    for (const RVar &step : sum.rvars()) {
        order.emplace_back(step);
    }
    sum.update().reorder(order).vectorize(position, tuning.vector, TailStrategy::GuardWithIf);
}

/** Whether weights become bytes once for all images of a batch: where one image has few positions. */
bool shares_weights(const Kernel &kernel) {
    return kernel.m > 1 && kernel.height * kernel.width <= kFewPositions &&
           kernel.stages.count("weights") != 0 && kernel.stages.count("codes") == 0;
}

/** Images and weights that become bytes before they are multiplied. */
void schedule_bytes(const Kernel &kernel, const Var &y, const Var &n, const Var &panels, bool all_panels,
                    const Tuning &tuning) {
    const Func out = kernel.outputs[0];
    if (Func weights = find_stage(kernel, "weights"); weights.defined()) {
        // Not "Stack": Halide would put what is large on the heap.
        weights.compute_at(out, all_panels ? n : panels).store_in(MemoryType::Register);
        expand_in_registers(kernel, tuning);
    }
    if (!find_stage(kernel, "image").defined()) {
        return;
    }
    if (shares_weights(kernel)) {
        schedule_image(kernel, LoopLevel::root(), MemoryType::Heap, tuning.vector);
        if (Func image = find_stage(kernel, "image"); kernel.parallel) {
            image.parallel(image.args().back());
        }
    } else {
        schedule_image(kernel, {out, kernel.pads_image ? n : y}, MemoryType::Register, tuning.vector);
    }
}

}  // namespace

// Outputs are lanes; positions of a row of the image make a tile. A panel of weights stays in cache while an
// image passes, or a batch of small ones; but where the codes of positions are gathered first (w1a8), those
// of a strip of tiles, with positions as lanes, a tile passes all panels.
void schedule_conv(Kernel &kernel, const Tuning &tuning) {
    Func out = kernel.outputs[0], narrow = find_stage(kernel, "narrow"),
         accumulate = find_stage(kernel, "accumulate");
    const Var x = out.args()[1], y = out.args()[2], n = out.args()[3];
    const bool positions_outside = kernel.stages.count("codes") != 0;
    const Panels panels = schedule_panels(kernel, tuning);
    const int in_tile = tile_width(kernel.width, tuning.rows / kernel.pooled);
    std::vector<VarOrRVar> order = panels.inside;
    if (positions_outside) {
        const int tiles = tile_width(kernel.width / in_tile, kMostStrip / (in_tile * kernel.pooled));
        out.split(x, strip, x, tiles * in_tile, TailStrategy::ShiftInwards);
        order.insert(order.end(), {panels.loop, tile, strip, y, n});
    } else if (shares_weights(kernel)) {
        order.insert(order.end(), {tile, y, n, panels.loop});
    } else {
        order.insert(order.end(), {tile, y, panels.loop, n});
    }
    out.split(x, tile, inner, in_tile, TailStrategy::ShiftInwards).unroll(inner);
    out.reorder(order);
    if (kernel.parallel) {
        out.parallel(positions_outside ? y : panels.loop);
    }
    schedule_bytes(kernel, y, n, panels.loop, positions_outside, tuning);
    schedule_padding(kernel, y, n, positions_outside ? kernel.target.natural_vector_size<uint8_t>() : 1);
    if (positions_outside) {
        schedule_codes(kernel, LoopLevel(out, strip), tuning);
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
    if (tuning.width == 16) {
        // Unrolled, sums of neighbours would be added first, and not all of them fit in registers.
        return;
    }
    if (steps.size() > 1) {
        update.unroll(steps[0]);
    } else if (unrolled) {
        unroll_all(update, steps);
    }
}

}  // namespace quantide
