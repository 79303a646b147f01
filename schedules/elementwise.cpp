#include "schedules/families.h"
#include "schedules/panels.h"

namespace quantide {

using Halide::Func;
using Halide::MemoryType;
using Halide::TailStrategy;
using Halide::Var;

// What belongs to a channel alone is computed once for all rows, so rows are the inner loop where there is
// such.
void schedule_elementwise(Kernel &kernel, const Tuning &) {
    const int lanes = kernel.target.natural_vector_size<float>();
    Func channel_scale = find_stage(kernel, "channel_scale");
    const bool packed = find_stage(kernel, "pack").defined();
    const Var block("block"), lane("lane");
    for (Func &out : kernel.outputs) {
        const std::vector<Var> vars = out.args();
        const PackLoops loops = packed ? split_planes(kernel, out) : PackLoops{block, {}};
        const Var channels = loops.words;
        if (!packed) {
            out.split(vars[0], block, lane, lanes, TailStrategy::GuardWithIf).vectorize(lane);
        }
        Var outermost = vars.size() > 1 ? vars.back() : channels;
        Var innermost = channels;
        if (channel_scale.defined()) {
            std::swap(innermost, outermost);
            out.reorder(innermost, outermost);
            channel_scale.compute_at(out, channels).store_in(MemoryType::Stack);
            channel_scale.vectorize(channel_scale.args()[0], lanes, TailStrategy::GuardWithIf);
        }
        if (packed) {
            schedule_pack(kernel, out, innermost);
        }
        if (kernel.parallel) {
            out.parallel(outermost);
        }
    }
}

}  // namespace quantide
