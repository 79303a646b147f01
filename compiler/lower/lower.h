#pragma once
#include "compiler/base/error.h"
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
    /** The batch that choices go by where it is chosen at run time; without it they serve one image and many.
     */
    std::optional<int64_t> expected_batch = {};
};

/** What the kernels of a level are compiled for: all checks are the program's. */
Halide::Target kernel_target(const LowerOptions &options);

/** Makes one fusion group of a graph, after the pass `fuse`, one scheduled Halide pipeline. Operands are
 * the group's outside inputs in order of first use, then the values that leave it in order of
 * definition; each in its value's layout. */
Kernel lower_group(const Graph &graph, int group, const LowerOptions &options);

/** What `make` returns, which Halide is asked for; an InternalError where it refuses the kernel. */
template<typename Make>
auto made_by_halide(const std::string &signature, const Make &make) -> decltype(make()) {
    try {
        return make();
    } catch (const Halide::Error &e) {
        throw InternalError(fmt::format("Halide refused kernel {}: {}", signature, e.what()));
    }
}

/** One of the kernels that compute a group. */
struct KernelVariant {
    int64_t least_batch;
    LowerOptions options;
};

/** The kernels of a group: one, or, where the batch is chosen at run time and many images are multiplied
 * faster by another arithmetic than few, one for each. Where the level's own instructions are not used, the
 * code is that of the level below (CpuLevel::otherwise). */
std::vector<KernelVariant> kernel_variants(const Graph &graph, int group, const LowerOptions &options);

}  // namespace quantide
