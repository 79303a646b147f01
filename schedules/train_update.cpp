#include "schedules/families.h"

namespace quantide {

using Halide::Func;
using Halide::MemoryType;
using Halide::RVar;
using Halide::TailStrategy;
using Halide::Var;

// A tile of 32 inputs x 32 outputs is one packed word of each output: its gradient, the new weights and moments and
// the new codes are made while it is in L1, so that the gradient never reaches memory.
void schedule_weight_update(Kernel &kernel, const Tuning &tuning) {
    const int vector = kernel.target.natural_vector_size<float>();
    const auto stage = [&](const char *role) {
        const auto found = kernel.stages.find(role);
        return found == kernel.stages.end() ? Func() : found->second;
    };
    Func update = stage("update"), next = stage("next"), pack = stage("pack");
    const Var lane = update.args()[0], k = update.args()[1], panel = update.args()[2];
    const Var word("word"), inner("inner");
    update.split(k, word, inner, 32, TailStrategy::GuardWithIf).reorder(lane, inner, word, panel);
    update.vectorize(lane, vector).unroll(lane);
    next.bound(lane, 0, 32).compute_at(update, word).store_in(MemoryType::Stack);
    next.reorder(lane, k).vectorize(lane, vector).unroll(lane).unroll(k, tuning.rows, TailStrategy::RoundUp);
    if (kernel.parallel) {
        update.parallel(panel);
    }
    if (pack.defined()) {
        Func codes = kernel.outputs.back();
        codes.reorder(lane, word, panel).vectorize(lane, vector).unroll(lane).compute_with(update, word);
        if (kernel.parallel) {
            codes.parallel(panel);
        }
        pack.compute_at(update, word).store_in(MemoryType::Stack).vectorize(lane, vector).unroll(lane);
        const RVar bit = pack.rvars()[0];
        pack.update().reorder(lane, bit).vectorize(lane, vector).unroll(lane).unroll(bit, 4);
    }
    if (Func product = stage("product"); product.defined()) {
        product.bound(lane, 0, 32).compute_at(next, k).store_in(MemoryType::Register);
        product.vectorize(lane, vector).unroll(lane).unroll(k);
        if (product.has_update_definition()) {
            product.update().reorder(lane, k, product.rvars()[0]).vectorize(lane, vector).unroll(lane).unroll(k);
        }
    }
    if (Func tables = stage("tables"); tables.defined()) {
        const Var entry = tables.args()[1], group = tables.args()[2];
        tables.bound(lane, 0, 32).bound(entry, 0, 16).compute_at(update, panel).store_in(MemoryType::Stack);
        tables.reorder(entry, lane, group).vectorize(lane, vector).unroll(entry);
        Func signs = stage("signs");
        const Var bit = signs.args()[0];
        signs.bound(bit, 0, 32).compute_root().vectorize(bit);
    }
    if (Func terms = stage("terms"); terms.defined()) {
        terms.bound(lane, 0, 32).compute_at(update, panel).vectorize(lane, vector);
        Func numbers = stage("numbers");
        numbers.compute_at(update, word).vectorize(numbers.args()[0], vector, TailStrategy::RoundUp);
    }
}

}  // namespace quantide
