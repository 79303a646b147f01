#include "schedules/families.h"
#include "schedules/panels.h"
#include "schedules/tiles.h"

#include <algorithm>

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

/** Rows of which codes lie on the stack, and how many bytes these are at most. */
constexpr int64_t kMostRows = 64, kMostCodes = 1 << 18;
/** Words of a panel whose weights stay in L1 as bytes. */
constexpr int kWordsInCache = 24;

const Var span("span");

}  // namespace

int split_rows(const Kernel &kernel, const Panels &panels, const Tuning &tuning, int64_t most_rows) {
    Func out = kernel.outputs[0];
    const Var n = out.args()[1];
    const int rows = static_cast<int>(std::max(int64_t{tuning.rows}, most_rows / tuning.rows * tuning.rows));
    // Of a known number of rows Halide would not see that a guarded span is no longer than the others.
    out.split(n, span, inner, rows,
              kernel.m >= rows ? TailStrategy::ShiftInwards : TailStrategy::GuardWithIf);
    std::vector<VarOrRVar> order = panels.inside;
    order.insert(order.end(), {panels.loop, span});
    out.reorder(order).never_partition(span);
    if (kernel.parallel) {
        out.parallel(panels.loop);
    }
    return rows;
}

int schedule_spans(const Kernel &kernel, const Panels &panels, const Tuning &tuning, int64_t most_rows,
                   int64_t most_codes) {
    Func out = kernel.outputs[0], codes = find_stage(kernel, "codes"), sum = find_stage(kernel, "sum");
    const int rows = split_rows(kernel, panels, tuning, std::min(most_rows, most_codes / kernel.k));
    // Not "Stack": Halide would put what is large on the heap.
    codes.compute_at(out, span).store_in(MemoryType::Register).bound_storage(row, rows);
    codes.bound(codes.args()[0], 0, tuning.width);
    sum.compute_at(out, span).store_in(MemoryType::Register).bound_storage(row, rows);
    vectorize_codes(kernel, tuning);
    return rows;
}

void schedule_row_blocks(const Kernel &kernel, const Halide::LoopLevel &at, const Panels &panels,
                         const Tuning &tuning, const Expr &many) {
    Func accumulate = find_stage(kernel, "accumulate"), narrow = find_stage(kernel, "narrow"),
         weights = find_stage(kernel, "weights");
    const Var rows = accumulate.args()[1];
    accumulate.bound(lane, 0, panels.lanes).compute_at(at).store_in(MemoryType::Register);
    accumulate.vectorize(lane, tuning.vector).unroll(lane);
    const std::vector<RVar> steps = accumulate.rvars();
    const int in_chunk = std::min(panels.lanes, tuning.lanes);
    const RVar blocks = steps[1], outer("outer"), block("block_in");
    const int steps_in_cache =
        std::max(1, kWordsInCache * 8 / (tuning.width * kernel.words_of_step * kernel.digits));
    const auto arrange = [&](Stage s, int in_tile) {
        s.split(blocks, outer, block, steps_in_cache, TailStrategy::GuardWithIf)
            .split(rows, tile, inner, in_tile, TailStrategy::RoundUp)
            .split(lane, chunk, lane, in_chunk, TailStrategy::GuardWithIf)
            .reorder({lane, inner, steps[0], block, chunk, tile, outer});
        s.vectorize(lane, tuning.vector).unroll(lane).unroll(inner);
        if (!narrow.defined() && tuning.width == 8) {
            s.unroll(steps[0]);
        }
    };
    Stage update = accumulate.update();
    if (many.defined() && tuning.rows > 1) {
        arrange(update.specialize(many), tuning.rows);
    }
    arrange(update, many.defined() ? 1 : tuning.rows);

    if (narrow.defined()) {
        narrow.compute_at(accumulate, steps[0]).store_in(MemoryType::Stack);
        narrow.vectorize(lane, tuning.vector).unroll(lane).unroll(rows);
        Stage sums = narrow.update();
        const std::vector<RVar> r = narrow.rvars();
        sums.reorder({lane, rows, r[0], r[1]});
        sums.vectorize(lane, tuning.vector).unroll(lane).unroll(rows).unroll(r[0]);
    }
    if (weights.defined()) {
        weights.compute_at(accumulate, outer).store_in(MemoryType::Register);
        expand_in_registers(kernel, tuning);
    }
}

// A span of rows passes the weights of a panel block by block; where they have to become bytes first, that
// is done once for it.
void schedule_byte_dense(Kernel &kernel, const Tuning &tuning) {
    if (!find_stage(kernel, "weights").defined() && !kernel.blocks_weights) {
        schedule_dense(kernel, tuning);
        return;
    }
    const Panels panels = schedule_panels(kernel, tuning);
    // A batch is known in training alone, whose stack may be larger.
    const bool training = kernel.m > 0;
    const int rows = schedule_spans(kernel, panels, tuning, training ? kMostTileRows : kMostRows,
                                    training ? kMostTileBytes : kMostCodes);
    Func out = kernel.outputs[0];
    schedule_row_blocks(kernel, {out, panels.loop}, panels, tuning, rows_of(kernel) > 1);
    find_stage(kernel, "accumulate").bound_storage(row, rows);
}

}  // namespace quantide
