#pragma once
#include "compiler/codegen/target.h"
#include "compiler/ir/graph.h"
#include "schedules/kernel.h"

#include <optional>

namespace quantide {

/** How a group is to be lowered. */
struct LowerOptions {
    const CpuLevel *level = nullptr;
    /** The batch when it is known (training steps); without it the kernel takes any batch. */
    std::optional<int64_t> batch = {};
    /** Parallel loops through Halide's run-time. Results do not depend on it. */
    bool parallel = false;
    /** Binary32 with one order and no contraction: every deployed kernel. */
    bool strict_float = true;
};

/** What the kernels of a level are compiled for: all checks are the program's. */
Halide::Target kernel_target(const LowerOptions &options);

/** Makes one fusion group of a graph, after the pass `fuse`, one scheduled Halide pipeline. Operands are
 * the group's outside inputs in order of first use, then the values that leave it in order of
 * definition; each in its value's layout. */
Kernel lower_group(const Graph &graph, int group, const LowerOptions &options);

}  // namespace quantide
