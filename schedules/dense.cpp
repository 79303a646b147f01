#include "schedules/families.h"

namespace quantide {

using Halide::Expr;
using Halide::Func;
using Halide::MemoryType;
using Halide::RVar;
using Halide::Stage;
using Halide::TailStrategy;
using Halide::Var;
using Halide::VarOrRVar;

namespace {

const Var lane("lane"), row("row"), panel("panel"), tile("tile"), inner("inner"), chunk("chunk");

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
    const auto stage = [&](const char *role) {
        const auto found = kernel.stages.find(role);
        return found == kernel.stages.end() ? Func() : found->second;
    };
    Func pack = stage("pack"), codes = stage("codes"), narrow = stage("narrow"),
         accumulate = stage("accumulate");
    Func channel_scale = stage("channel_scale");
    const bool packed = pack.defined();
    const bool rows_outside = codes.defined();
    const Var n = out.args()[1];
    const Var outer = packed ? out.args()[0] : panel;
    // The last panel of few outputs is computed no wider than it must be.
    const int needed = static_cast<int>((kernel.n + tuning.vector - 1) / tuning.vector) * tuning.vector;
    const int lanes = packed ? 32 : std::min(32, needed);
    if (!packed) {
        out.split(out.args()[0], panel, lane, lanes, TailStrategy::GuardWithIf)
            .vectorize(lane, tuning.vector);
        out.unroll(lane);
    }
    // The codes of a tile of rows lie on the stack.
    const int64_t most_rows = rows_outside ? std::max<int64_t>(1, kMostCodes / kernel.k) : tuning.rows;
    for_row_tiles(
        out, kernel, static_cast<int>(std::min<int64_t>(tuning.rows, most_rows)), [&](Stage s, int rows) {
            s.split(n, tile, inner, rows, TailStrategy::ShiftInwards).unroll(inner);
            std::vector<VarOrRVar> order = {inner, rows_outside ? outer : tile, rows_outside ? tile : outer};
            if (!packed) {
                order.insert(order.begin(), lane);
            }
            s.reorder(order);
            if (kernel.parallel) {
                s.parallel(rows_outside && rows > 1 ? tile : outer);
            }
        });
    if (packed) {
        pack.compute_at(out, inner).store_in(MemoryType::Register);
        pack.update().atomic().vectorize(pack.rvars()[0]);
    }
    if (channel_scale.defined()) {
        channel_scale.compute_at(out, outer).store_in(MemoryType::Stack);
        channel_scale.vectorize(channel_scale.args()[0], tuning.vector, TailStrategy::GuardWithIf);
    }
    if (rows_outside) {
        codes.compute_at(out, tile).store_in(MemoryType::Stack);
        for (int i = 0; i < codes.num_update_definitions(); ++i) {
            const bool whole_words = !codes.rvars(i).empty();
            whole_words ? codes.update(i).vectorize(codes.args()[0], 8)
                        : codes.update(i).unroll(codes.args()[0], 8);
        }
        Func sum = stage("sum");
        sum.compute_at(out, tile).store_in(MemoryType::Stack);
        sum.update().atomic().vectorize(sum.rvars()[0]);
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
    accumulate.bound(lane, 0, lanes).compute_at(out, rows_outside ? outer : tile).store_in(MemoryType::Stack);
    in_registers(accumulate, lane);
    Stage update = accumulate.update();
    std::vector<RVar> steps = accumulate.rvars();
    update.split(lane, chunk, inner, std::min(lanes, tuning.lanes), TailStrategy::GuardWithIf);
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

}  // namespace quantide
