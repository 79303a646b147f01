#include "schedules/families.h"
#include "schedules/panels.h"

namespace quantide {

using Halide::Func;
using Halide::MemoryType;
using Halide::TailStrategy;
using Halide::Var;

namespace {

/** Room for whole vectors: Halide loads the lanes of a single channel as an aligned vector but would not
 * align the channel's storage, and AVX-512 traps there. */
void fill_vectors(Func f, int vector) { f.align_storage(f.args()[0], vector); }

/** A sum over the rows of the batch: channels are lanes, rows go by in order. */
void schedule_sum(Func sum, const Kernel &kernel, int vector) {
    const Var c = sum.args()[0], block("block"), lane("lane");
    fill_vectors(sum, vector);
    sum.compute_root().vectorize(c, vector, TailStrategy::GuardWithIf);
    sum.update().split(c, block, lane, 8 * vector, TailStrategy::GuardWithIf);
    std::vector<Halide::VarOrRVar> order{lane};
    for (const Halide::RVar &row : sum.rvars()) {
        order.emplace_back(row);
    }
    order.emplace_back(block);
    sum.update().reorder(order).vectorize(lane, vector, TailStrategy::GuardWithIf);
    if (kernel.parallel) {
        sum.update().parallel(block);
    }
}

}  // namespace

void schedule_norm(Kernel &kernel, const Tuning &) {
    const int vector = kernel.target.natural_vector_size<float>();
    for (const char *role : {"sum", "spread", "sums"}) {
        if (const Func f = find_stage(kernel, role); f.defined()) {
            schedule_sum(f, kernel, vector);
        }
    }
    for (const char *role : {"channel_scale", "inverse"}) {
        if (Func f = find_stage(kernel, role); f.defined()) {
            fill_vectors(f, vector);
            f.compute_root().vectorize(f.args()[0], vector, TailStrategy::GuardWithIf);
        }
    }
    Func pack = find_stage(kernel, "pack");
    for (Func &out : kernel.outputs) {
        const bool words = pack.defined() && out.type().is_uint();
        if (out.args().size() > 1 && kernel.parallel) {
            out.parallel(out.args().back());
        }
        if (words) {
            schedule_pack(kernel, out, split_planes(kernel, out).words);
        } else {
            out.vectorize(out.args()[0], vector, TailStrategy::GuardWithIf);
        }
    }
}

// Rows are apart, the lanes of a row go by in order.
void schedule_row_range(Kernel &kernel, const Tuning &) {
    Func ends = kernel.stages.at("sums"), whole = kernel.stages.at("whole");
    const Halide::Var lane = ends.args()[0], row = ends.args()[1];
    const int vector = kernel.target.natural_vector_size<float>();
    ends.compute_root().vectorize(lane, vector);
    std::vector<Halide::VarOrRVar> order{lane};
    for (const Halide::RVar &place : ends.rvars()) {
        order.emplace_back(place);
    }
    order.emplace_back(row);
    ends.update().reorder(order).vectorize(lane, vector);
    whole.compute_root();
    if (kernel.parallel) {
        ends.update().parallel(row);
    }
}

// A loss is small: its sums go one after the other.
void schedule_loss(Kernel &kernel, const Tuning &) {
    for (const char *role : {"largest", "sum_of_row", "sum"}) {
        if (const auto found = kernel.stages.find(role); found != kernel.stages.end()) {
            found->second.compute_root();
        }
    }
}

}  // namespace quantide
