#include "compiler/lower/lower.h"
#include "compiler/lower/op_table.h"
#include "schedules/schedule.h"

namespace quantide {

Halide::Target kernel_target(const LowerOptions &options) {
    const CpuLevel &level = *options.level;
    const std::string architecture = level.architecture == std::string("x86-64") ? "x86-64" : "arm-64";
    Halide::Target target = Halide::Target(architecture + "-linux" + level.features)
                                .with_feature(Halide::Target::NoRuntime)
                                .with_feature(Halide::Target::NoAsserts)
                                .with_feature(Halide::Target::NoBoundsQuery);
    if (options.strict_float) {
        target.set_feature(Halide::Target::StrictFloat);
    }
    return target;
}

Kernel lower_group(const Graph &graph, int group, const LowerOptions &options) {
    GroupLowering lowering(graph, group, options);
    lowering.kernel.target = kernel_target(options);
    lowering.kernel.parallel = options.parallel;
    lowering.kernel.signature = group_signature(graph, group, options);
    return made_by_halide(lowering.kernel.signature, [&] {
        for (const Node &node : graph.nodes) {
            if (node.group == group) {
                lower_node(lowering, node);
            }
        }
        lowering.finish();
        apply_schedule(lowering.kernel);
        return lowering.kernel;
    });
}

}  // namespace quantide
