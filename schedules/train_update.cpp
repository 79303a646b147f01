#include "schedules/families.h"
#include "schedules/panels.h"

namespace quantide {

using Halide::Func;
using Halide::MemoryType;
using Halide::TailStrategy;
using Halide::Var;

namespace {

/** The stage "pack" word by word, in a loop of the output in panels. */
void schedule_packed_codes(const Kernel &kernel, const Var &at) {
    const int vector = kernel.target.natural_vector_size<float>();
    Func out = kernel.outputs.back(), pack = find_stage(kernel, "pack");
    const Var lane = out.args()[0], panel = out.args()[2];
    out.vectorize(lane, vector).unroll(lane);
    pack.compute_at(out, at).store_in(MemoryType::Stack).vectorize(lane, vector).unroll(lane);
    pack.update()
        .reorder(lane, pack.rvars()[0])
        .vectorize(lane, vector)
        .unroll(lane)
        .unroll(pack.rvars()[0], 4);
    if (kernel.parallel) {
        out.parallel(panel);
    }
}

/** Inputs whose gradients are made at once. */
int inputs_of_step(const Kernel &kernel, int wanted) { return kernel.k % wanted != 0 ? 1 : wanted; }

}  // namespace

// The gradient of an input's weights to 32 outputs is made in registers and used up there, so that it never
// reaches memory. The new codes are packed in a second pass: bits of a word are 32 such steps, and a tile of
// those would push the tables out of L1.
void schedule_weight_update(Kernel &kernel, const Tuning &tuning) {
    const int vector = kernel.target.natural_vector_size<float>();
    const auto stage = [&](const char *role) { return find_stage(kernel, role); };
    Func update = stage("update"), next = stage("next"), product = stage("product"), tables = stage("tables");
    const Var lane = update.args()[0], k = update.args()[1], panel = update.args()[2];
    const Var step("step"), inner("inner");
    // Look-ups are independent of each other; chains of multiply-adds need more of them in flight.
    const int inputs = inputs_of_step(kernel, tuning.rows);
    update.split(k, step, inner, inputs, TailStrategy::RoundUp).reorder(lane, inner, step, panel);
    update.vectorize(lane, vector).unroll(lane).unroll(inner);
    next.bound(lane, 0, 32).compute_at(update, step).store_in(MemoryType::Register);
    next.reorder(lane, k).vectorize(lane, vector).unroll(lane).unroll(k);
    if (kernel.parallel) {
        update.parallel(panel);
    }
    const bool of_convolution = kernel.channels > 0;
    if (of_convolution) {
        schedule_conv_weight_gradient_at(kernel, Halide::LoopLevel(update, panel));
    } else if (product.defined()) {
        const int lanes = tables.defined() ? kernel.target.natural_vector_size(tables.type()) : vector;
        product.bound(lane, 0, 32).compute_at(update, step).store_in(MemoryType::Register);
        product.vectorize(lane, lanes).unroll(lane).unroll(k);
        Func sum = product;
        if (stage("sum").defined()) {
            sum = stage("sum");
            sum.bound(lane, 0, 32).compute_at(update, step).store_in(MemoryType::Register);
            sum.vectorize(lane, vector).unroll(lane).unroll(k);
        }
        if (sum.has_update_definition()) {
            sum.update().reorder(lane, k, sum.rvars()[0]).vectorize(lane, vector).unroll(lane).unroll(k);
        }
    }
    schedule_operand_sums(kernel);
    if (tables.defined() && !of_convolution) {
        const Var entry = tables.args()[1], group = tables.args()[2];
        tables.bound(lane, 0, 32).bound(entry, 0, 16).compute_at(update, panel);
        tables.reorder(entry, lane, group)
            .vectorize(lane, kernel.target.natural_vector_size(tables.type()))
            .unroll(entry);
        Func signs = stage("signs");
        const Var bit = signs.args()[0];
        signs.bound(bit, 0, 32).compute_root().vectorize(bit);
    }
    if (Func terms = stage("terms"); terms.defined() && !of_convolution) {
        terms.bound(lane, 0, 32).compute_at(update, panel).vectorize(lane, vector);
        Func numbers = stage("numbers");
        numbers.compute_root().vectorize(numbers.args()[0], vector, TailStrategy::GuardWithIf);
    }
    if (stage("pack").defined()) {
        schedule_packed_codes(kernel, kernel.outputs.back().args()[1]);
    }
}

// The bytes of a panel's gradients serve all inputs; a tile's sums are used up where they lie, in L1.
void schedule_byte_update(Kernel &kernel, const Tuning &tuning) {
    constexpr int kInputs = 2;
    schedule_weight_update(kernel, {.rows = kInputs});
    if (kernel.channels > 0) {
        return;
    }
    Func update = find_stage(kernel, "update"), accumulate = find_stage(kernel, "accumulate"),
         codes = find_stage(kernel, "codes");
    const Var panel = update.args()[2], k = codes.args()[2];
    const Var step("step"), span("span"), word("words"), half("half");
    update.split(step, span, step, tuning.rows / inputs_of_step(kernel, kInputs), TailStrategy::GuardWithIf);
    const auto schedule_products = tuning.tiles ? schedule_tiles : schedule_row_blocks;
    schedule_products(kernel, {update, span}, {}, tuning, {});
    accumulate.bound_storage(accumulate.args()[1], tuning.rows);
    find_stage(kernel, "weights").compute_at(update, panel);
    // Inputs are lanes, whose bits lie beside each other, and go where the rows of a tile want them.
    codes.compute_root().bound(codes.args()[0], 0, 8);
    codes.split(k, word, k, 32, TailStrategy::RoundUp)
        .split(k, half, k, tuning.vector, TailStrategy::RoundUp);
    codes.reorder(k, half, codes.args()[0], codes.args()[1], word).vectorize(k).unroll(half);
    if (kernel.parallel) {
        codes.parallel(word);
    }
}

// Codes of 32 inputs to 32 outputs are computed once for all planes.
void schedule_pack_panels(Kernel &kernel, const Tuning &) {
    Func out = kernel.outputs[0], codes = find_stage(kernel, "codes_to_pack");
    const Var word = out.args()[1];
    if (!codes.defined()) {
        schedule_packed_codes(kernel, word);
    } else {
        const Var words("words"), plane("plane"), k = codes.args()[0], output = codes.args()[1];
        out.split(word, words, plane, kernel.planes, TailStrategy::RoundUp);
        schedule_packed_codes(kernel, plane);
        codes.compute_at(out, words).store_in(MemoryType::Stack).reorder(output, k);
        codes.reorder_storage(output, k).vectorize(output, 32, TailStrategy::RoundUp);
    }
}

}  // namespace quantide
