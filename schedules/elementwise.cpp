#include "schedules/families.h"

namespace quantide {

using Halide::Func;
using Halide::MemoryType;
using Halide::TailStrategy;
using Halide::Var;

void schedule_elementwise(Kernel &kernel, const Tuning &) {
    const int lanes = kernel.target.natural_vector_size<float>();
    const auto find = [&](const char *role) {
        const auto found = kernel.stages.find(role);
        return found == kernel.stages.end() ? Func() : found->second;
    };
    Func words = find("pack"), channel_scale = find("channel_scale");
    const Var block("block"), lane("lane");
    for (Func &out : kernel.outputs) {
        const std::vector<Var> vars = out.args();
        Var outermost = vars.back();
        if (words.defined()) {
            words.compute_at(out, vars[0]).store_in(MemoryType::Register);
            words.update().atomic().vectorize(words.rvars()[0]);
        } else {
            out.split(vars[0], block, lane, lanes, TailStrategy::GuardWithIf).vectorize(lane);
        }
        if (channel_scale.defined()) {
            outermost = words.defined() ? vars[0] : block;
            out.reorder(vars[1], outermost);
            channel_scale.compute_at(out, outermost).store_in(MemoryType::Stack);
            channel_scale.vectorize(channel_scale.args()[0], lanes, TailStrategy::GuardWithIf);
        }
        if (kernel.parallel) {
            out.parallel(words.defined() || vars.size() > 1 || channel_scale.defined() ? outermost : block);
        }
    }
}

}  // namespace quantide
