#include "schedules/families.h"

#include <algorithm>

namespace quantide {

using Halide::Func;
using Halide::MemoryType;
using Halide::RVar;
using Halide::TailStrategy;
using Halide::Var;

// Four vectors of neighbours draw from the same eight blocks of random words, whose products of 64 bits fill
// a register; two times 32 neighbours are chains of their own.
void schedule_gradient_codes(Kernel &kernel, const Tuning &) {
    constexpr int kNeighbours = 64, kBlocks = 8;
    Func out = kernel.outputs[0];
    const Var block("block"), part("part"), lane("lane");
    out.split(out.args()[0], block, lane, kNeighbours, TailStrategy::GuardWithIf)
        .split(lane, part, lane, std::min(kBlocks, kernel.target.natural_vector_size<float>()))
        .vectorize(lane)
        .unroll(part);
    if (kernel.parallel) {
        out.parallel(out.args().back());
    }
}

// Rows of the batch are lanes. The tables of 32 outputs stay in L1 while a span of inputs passes, whose sums
// stay in L2 while all outputs pass.
void schedule_signed_input_gradient(Kernel &kernel, const Tuning &tuning) {
    const int vector = kernel.target.natural_vector_size<float>();
    Func out = kernel.outputs[0], product = kernel.stages.at("product"), tables = kernel.stages.at("tables");
    Func terms = kernel.stages.at("terms"), transposed = kernel.stages.at("transposed");
    // Narrower elements make more lanes: fewer inputs keep the sums as large.
    const int lanes = kernel.target.natural_vector_size(tables.type()),
              inputs = tuning.block * vector / lanes;
    const int rows = static_cast<int>(kernel.m);
    const Var c = out.args()[0], n = out.args()[1];
    const Var block("block"), row("row"), span("span"), inner("inner"), part("part");
    out.split(n, block, row, rows, TailStrategy::GuardWithIf)
        .split(c, span, inner, inputs, TailStrategy::GuardWithIf);
    out.reorder(inner, row, span, block).vectorize(inner, vector, TailStrategy::GuardWithIf);
    if (kernel.parallel) {
        out.fuse(span, block, part).parallel(part);
    }
    const Var lane = product.args()[0], k = product.args()[1];
    const RVar panels = product.rvars()[0];
    product.bound(lane, 0, rows).compute_at(out, kernel.parallel ? part : span);
    product.vectorize(lane, lanes).unroll(lane);
    product.update().reorder(lane, k, panels).vectorize(lane, lanes).unroll(lane);
    if (rows / lanes < 4) {
        product.update().unroll(k, 2);
    }
    const Var entry = tables.args()[1], group = tables.args()[2];
    tables.bound(lane, 0, rows).bound(entry, 0, 16).compute_at(product, panels).store_in(MemoryType::Stack);
    tables.reorder(entry, lane, group).vectorize(lane, lanes).unroll(entry);

    const Var step = terms.args()[1], bit = transposed.args()[0], word = transposed.args()[1];
    terms.bound(lane, 0, rows)
        .bound(step, 0, 32)
        .compute_root()
        .reorder(step, lane)
        .unroll(step, 8)
        .vectorize(lane, lanes);
    transposed.bound(bit, 0, 32).compute_root().vectorize(bit, vector).unroll(bit);
    const RVar o = transposed.rvars()[0];
    transposed.update().reorder(bit, o, word).vectorize(bit, vector).unroll(bit).unroll(o);
    if (kernel.parallel) {
        transposed.parallel(transposed.args()[2]).update().parallel(transposed.args()[2]);
    }
}

void schedule_float_gradient(Kernel &kernel, const Tuning &tuning) {
    const int vector = kernel.target.natural_vector_size<float>();
    Func out = kernel.outputs[0], product = kernel.stages.at("product");
    const Var c = out.args()[0], n = out.args()[1];
    const Var column("column"), lane("lane"), tile("tile"), row("row");
    out.split(c, column, lane, 2 * vector, TailStrategy::GuardWithIf)
        .split(n, tile, row, tuning.rows, TailStrategy::GuardWithIf);
    out.reorder(lane, row, tile, column).vectorize(lane, vector).unroll(lane).unroll(row);
    if (kernel.parallel) {
        out.parallel(column);
    }
    const Var x = product.args()[0], y = product.args()[1];
    product.compute_at(out, tile).store_in(MemoryType::Stack).vectorize(x, vector).unroll(x).unroll(y);
    product.update().reorder(x, y, product.rvars()[0]).vectorize(x, vector).unroll(x).unroll(y);
    for (const char *role : {"weights", "terms", "row_sums"}) {
        if (const auto found = kernel.stages.find(role); found != kernel.stages.end()) {
            Func f = found->second;
            role == std::string("weights") ? f.compute_at(out, column) : f.compute_root();
            f.vectorize(f.args()[0], vector, TailStrategy::GuardWithIf);
            if (f.has_update_definition()) {
                f.update().vectorize(f.args()[0], vector, TailStrategy::GuardWithIf);
            }
        }
    }
}

}  // namespace quantide
