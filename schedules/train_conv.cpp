#include "schedules/families.h"
#include "schedules/panels.h"

namespace quantide {

using namespace loops;
using Halide::Func;
using Halide::MemoryType;
using Halide::RVar;
using Halide::TailStrategy;
using Halide::Var;
using Halide::VarOrRVar;

// Two vectors of outputs by some of the (column, channel) pairs of a row of the kernel, which lie beside each
// other in the image, make a register tile; a block of rows of the image and of dy stay in L1.
void schedule_conv_weight_gradient_at(const Kernel &kernel, Func consumer, const Var &at) {
    const int vector = kernel.target.natural_vector_size<float>();
    const int most = kernel.target.has_feature(Halide::Target::AVX512_Skylake) ? 12 : 6;
    Func product = find_stage(kernel, "product"), partial = find_stage(kernel, "partial");
    Func terms = find_stage(kernel, "terms"), padded = find_stage(kernel, "padded");
    int pairs = most;
    while (kernel.k % pairs != 0) {
        --pairs;
    }
    const Var k = product.args()[1];
    at.name().empty() ? product.compute_root() : product.compute_at(consumer, at);
    product.bound(lane, 0, 32).vectorize(lane, vector).unroll(lane);
    const std::vector<RVar> blocks = product.rvars();
    product.update()
        .split(lane, chunk, lane, 2 * vector, TailStrategy::RoundUp)
        .split(k, tile, inner, pairs, TailStrategy::RoundUp)
        .reorder(lane, inner, chunk, tile, blocks[0], blocks[1], product.args()[2])
        .vectorize(lane, vector)
        .unroll(lane)
        .unroll(inner);
    partial.compute_at(product, chunk).store_in(MemoryType::Stack);
    partial.vectorize(lane, vector).unroll(lane).unroll(k);
    partial.update()
        .reorder(lane, k, partial.rvars()[0], partial.rvars()[1])
        .vectorize(lane, vector)
        .unroll(lane)
        .unroll(k);
    terms.bound(lane, 0, 32).compute_at(product, blocks[0]).vectorize(lane, vector).unroll(lane);
    padded.compute_at(product, blocks[0]).vectorize(padded.args()[0], vector, TailStrategy::GuardWithIf);
}

void schedule_conv_weight_gradient(Kernel &kernel, const Tuning &) {
    const int vector = kernel.target.natural_vector_size<float>();
    schedule_conv_weight_gradient_at(kernel, Func(), Var(""));
    for (Func out : kernel.outputs) {
        out.vectorize(out.args()[0], vector, TailStrategy::GuardWithIf);
    }
}

// Gradients of windows: channels are lanes, everything else goes by in order.
void schedule_window_gradient(Kernel &kernel, const Tuning &) {
    const int vector = kernel.target.natural_vector_size<float>();
    for (const char *role : {"product", "largest"}) {
        if (Func f = find_stage(kernel, role); f.defined()) {
            f.compute_root().vectorize(f.args()[0], vector, TailStrategy::GuardWithIf);
            if (f.has_update_definition()) {
                std::vector<VarOrRVar> order{f.args()[0]};
                for (const RVar &tap : f.rvars()) {
                    order.emplace_back(tap);
                }
                f.update().reorder(order).vectorize(f.args()[0], vector, TailStrategy::GuardWithIf);
            }
        }
    }
    for (Func out : kernel.outputs) {
        out.vectorize(out.args()[0], vector, TailStrategy::GuardWithIf);
    }
}

}  // namespace quantide
