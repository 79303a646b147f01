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

constexpr int64_t kMostCodes = 1 << 18;

/** Heights of row tiles, and when each is taken: the last is for every batch. */
struct RowTile {
    int rows;
    Expr condition;
};

std::vector<RowTile> row_tiles(int rows, const Expr &batch) {
    std::vector<RowTile> tiles;
    if (rows > 1) {
        tiles.push_back({rows, batch % rows == 0 || batch >= 4 * rows});
    }
    if (const int half = (rows + 1) / 2; half > 1) {
        tiles.push_back({half, batch >= half});
    }
    tiles.push_back({1, Expr()});
    return tiles;
}

/** Calls `arrange` for the code of each height of a row tile. */
void for_row_tiles(Func out, const Kernel &kernel, int rows, const std::function<void(Stage, int)> &arrange) {
    if (kernel.m > 0) {
        const Expr batch = static_cast<int>(kernel.m);
        for (const RowTile &t : row_tiles(rows, batch)) {
            if (!t.condition.defined() ||
                Halide::Internal::is_const_one(Halide::Internal::simplify(t.condition))) {
                arrange(out, t.rows);
                return;
            }
        }
    }
    for (const RowTile &t : row_tiles(rows, out.output_buffer().dim(1).extent())) {
        arrange(t.condition.defined() ? out.specialize(t.condition) : Stage(out), t.rows);
    }
}

}  // namespace

// Outputs are lanes. A panel of weights stays in L1 while all rows pass; but where the codes of a row are
// gathered first (w1a8), a tile of rows passes all panels.
void schedule_dense(Kernel &kernel, const Tuning &tuning) {
    Func out = kernel.outputs[0];
    Func codes = find_stage(kernel, "codes"), narrow = find_stage(kernel, "narrow"),
         accumulate = find_stage(kernel, "accumulate");
    const bool rows_outside = codes.defined();
    const Var n = out.args()[1];
    const Panels panels = schedule_panels(kernel, tuning);
    // The codes of a tile of rows lie on the stack.
    const int64_t most_rows = rows_outside ? std::max<int64_t>(1, kMostCodes / kernel.k) : tuning.rows;
    for_row_tiles(
        out, kernel, static_cast<int>(std::min<int64_t>(tuning.rows, most_rows)), [&](Stage s, int rows) {
            s.split(n, tile, inner, rows, TailStrategy::ShiftInwards).unroll(inner);
            std::vector<VarOrRVar> order = panels.inside;
            order.insert(order.end(), {rows_outside ? panels.loop : tile, rows_outside ? tile : panels.loop});
            s.reorder(order);
            if (kernel.parallel) {
                s.parallel(rows_outside && rows > 1 ? tile : panels.loop);
            }
        });
    if (rows_outside) {
        // Not "Stack": Halide would put what is large on the heap.
        codes.compute_at(out, tile).store_in(MemoryType::Register);
        find_stage(kernel, "sum").compute_at(out, tile).store_in(MemoryType::Stack);
        vectorize_codes(kernel, tuning);
    }
    const auto in_registers = [&](Stage s, const Var &x) {
        s.vectorize(x, tuning.vector).unroll(x).unroll(row);
    };
    const auto order_of = [](const std::vector<VarOrRVar> &inside, const std::vector<RVar> &steps) {
        std::vector<VarOrRVar> order = inside;
        order.insert(order.end(), steps.begin(), steps.end());
        order.emplace_back(chunk);
        return order;
    };
    accumulate.bound(lane, 0, panels.lanes)
        .compute_at(out, rows_outside ? panels.loop : tile)
        .store_in(MemoryType::Stack);
    in_registers(accumulate, lane);
    Stage update = accumulate.update();
    std::vector<RVar> steps = accumulate.rvars();
    update.split(lane, chunk, inner, std::min(panels.lanes, tuning.lanes), TailStrategy::GuardWithIf);
    update.reorder(order_of({inner, row}, steps));
    in_registers(update, inner);
    if (narrow.defined()) {
        narrow.compute_at(accumulate, steps[0]).store_in(MemoryType::Stack);
        in_registers(narrow, lane);
        update = narrow.update();
        steps = narrow.rvars();
        std::vector<VarOrRVar> order = {lane, row};
        order.insert(order.end(), steps.begin(), steps.end());
        update.reorder(order);
        in_registers(update, lane);
    }
    if (steps.size() > 1) {
        update.unroll(steps[0]);
    }
}

// Partial sums of a span of rows lie on the stack while a block of a panel's weights stays in L1: each sum
// goes on, in the order of its inputs, where the block before stopped. Rows of the last tile beyond the last
// row are not used.
void schedule_floats(Kernel &kernel, const Tuning &tuning) {
    constexpr int kMostRows = 128, kUnrolled = 2;
    Func out = kernel.outputs[0], accumulate = kernel.stages.at("accumulate");
    const Var n = out.args()[1], span("span");
    const Panels panels = schedule_panels(kernel, tuning);
    const int rows_of_span = kMostRows / tuning.rows * tuning.rows;
    out.split(n, span, inner, rows_of_span, TailStrategy::GuardWithIf);
    std::vector<VarOrRVar> order = panels.inside;
    order.insert(order.end(), {span, panels.loop});
    out.reorder(order).never_partition(span);
    if (kernel.parallel) {
        out.parallel(panels.loop);
    }
    accumulate.bound(lane, 0, panels.lanes).bound_storage(row, rows_of_span);
    accumulate.compute_at(out, span).store_in(MemoryType::Stack).vectorize(lane, tuning.vector).unroll(lane);

    const RVar k = accumulate.rvars()[0], block("block"), step("step");
    const auto pieces = [](int64_t whole, int64_t part) { return (whole + part - 1) / part; };
    const int64_t blocks = pieces(kernel.k, tuning.block);
    const int steps = static_cast<int>(pieces(kernel.k, blocks * kUnrolled)) * kUnrolled;
    const int in_chunk = std::min(panels.lanes, tuning.lanes);
    const auto arrange = [&](Stage s, int rows) {
        s.split(k, block, step, steps, TailStrategy::GuardWithIf)
            .split(row, tile, inner, rows, TailStrategy::RoundUp)
            .split(lane, chunk, lane, in_chunk, TailStrategy::GuardWithIf)
            .reorder(lane, inner, step, chunk, tile, block);
        s.vectorize(lane, tuning.vector).unroll(lane).unroll(inner).unroll(step, kUnrolled);
    };
    Stage update = accumulate.update();
    const Expr batch = rows_of(kernel);
    const int half = (tuning.rows + 1) / 2;
    arrange(update.specialize(batch > half), tuning.rows);
    arrange(update.specialize(batch > 1), half);
    arrange(update, 1);
}

}  // namespace quantide
