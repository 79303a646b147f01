#include "schedules/families.h"

namespace quantide {

using Halide::Func;
using Halide::TailStrategy;
using Halide::Var;

void schedule_elementwise(Kernel &kernel, const Tuning &) {
    const int lanes = kernel.target.natural_vector_size<float>();
    for (Func &out : kernel.outputs) {
        const std::vector<Var> vars = out.args();
        if (kernel.parallel && vars.size() > 1) {
            out.parallel(vars.back());
        }
    }
    const auto pack = kernel.stages.find("pack");
    if (pack != kernel.stages.end()) {
        Func &words = pack->second;
        words.compute_at(kernel.outputs[0], kernel.outputs[0].args()[0]).store_in(Halide::MemoryType::Register);
        words.update().atomic().vectorize(words.rvars()[0]);
        return;
    }
    for (Func &out : kernel.outputs) {
        out.vectorize(out.args()[0], lanes, TailStrategy::GuardWithIf);
    }
}

}  // namespace quantide
