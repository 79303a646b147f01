#include "compiler/lower/lower.h"
#include "compiler/lower/op_table.h"
#include "schedules/schedule.h"

namespace quantide {

namespace {

/** The target of the kernels of a level: all checks are the program's. */
Halide::Target kernel_target(const CpuLevel &level) {
    const std::string architecture = level.architecture == std::string("x86-64") ? "x86-64" : "arm-64";
    return Halide::Target(architecture + "-linux" + level.features)
        .with_feature(Halide::Target::NoRuntime)
        .with_feature(Halide::Target::NoAsserts)
        .with_feature(Halide::Target::NoBoundsQuery);
}

}  // namespace

Kernel lower_group(const Graph &graph, int group, const LowerOptions &options) {
    GroupLowering lowering(graph, group, options);
    lowering.kernel.target = kernel_target(*options.level);
    lowering.kernel.parallel = options.parallel;
    if (options.strict_float) {
        lowering.kernel.target.set_feature(Halide::Target::StrictFloat);
    }
    lowering.kernel.signature = group_signature(graph, group, options);
    for (const Node &node : graph.nodes) {
        if (node.group == group) {
            lower_node(lowering, node);
        }
    }
    lowering.finish();
    apply_schedule(lowering.kernel);
    return lowering.kernel;
}

}  // namespace quantide
