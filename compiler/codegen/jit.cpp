#include "compiler/codegen/jit.h"

#include "compiler/base/error.h"
#include "compiler/codegen/ice_lake.h"
#include "compiler/codegen/kernel_compiler.h"
#include "compiler/codegen/loaded_object.h"
#include "compiler/lower/group_lowering.h"
#include "runtime/cpu_features.h"
#include "runtime/parallel.h"

#include <dlfcn.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>

namespace quantide {

namespace {

using Clock = std::chrono::steady_clock;
using Halide::Internal::JITModule;
using Halide::Internal::JITSharedRuntime;

constexpr int kMaxDimensions = 8;

// Halide makes its run-time with the first kernel and forgets what was set before.
std::atomic<int> requested_threads = 0;

using ArgvFunction = int (*)(const void *const *);

/** A symbol of Halide's run-time in this process, or of this program. */
void *find_symbol(const Halide::Target &target, const std::string &name) {
    for (const JITModule &module : JITSharedRuntime::get(nullptr, target)) {
        if (const auto found = module.exports().find(name); found != module.exports().end()) {
            return found->second.address;
        }
    }
    return dlsym(RTLD_DEFAULT, name.c_str());
}

using Compiled = std::pair<std::shared_ptr<const void>, ArgvFunction>;

/** A kernel's code and its function. Halide's own way into memory sets each function's CPU once more, so that
 * what compile_without_sse4a does is lost: such code is loaded here. */
Compiled compile(const Kernel &kernel) {
    return made_by_halide(kernel.signature, [&]() -> Compiled {
        const Halide::Target jit_target =
            kernel.target.without_feature(Halide::Target::NoRuntime).with_feature(Halide::Target::JIT);
        const bool lacks_sse4a = compiled_for_zen4(jit_target) && !host_has_sse4a();
        const std::vector<Halide::Argument> arguments(kernel.inputs.begin(), kernel.inputs.end());
        const Halide::Module module = make_pipeline(kernel).compile_to_module(
            arguments, kKernelFunction, lacks_sse4a ? kernel.target : jit_target,
            Halide::LinkageType::ExternalPlusArgv);
        if (lacks_sse4a) {
            const auto code = std::make_shared<const LoadedObject>(
                compile_module(module, CodeFormat::Object),
                [&](const std::string &name) { return find_symbol(jit_target, name); });
            JITSharedRuntime::set_num_threads(requested_threads);
            return {code,
                    reinterpret_cast<ArgvFunction>(code->function(kKernelFunction + std::string("_argv")))};
        }
        std::shared_ptr<const JITModule> code;
        compile_beside_others([&] {
            code = std::make_shared<const JITModule>(module, module.get_function_by_name(kKernelFunction));
        });
        JITSharedRuntime::set_num_threads(requested_threads);
        return {code, code->argv_function()};
    });
}

/** A halide_buffer_t and what it points to. */
struct Descriptor {
    halide_buffer_t buffer;
    std::array<halide_dimension_t, kMaxDimensions> dimensions;

    void fill(const Buffer &from, void *host, int64_t batch) {
        buffer = {};
        buffer.host = static_cast<uint8_t *>(host);
        buffer.type = halide_type(from.type);
        buffer.dimensions = static_cast<int32_t>(from.extents.size());
        buffer.dim = dimensions.data();
        int64_t stride = 1;
        for (size_t i = 0; i < from.extents.size(); i++) {
            const int64_t extent = from.extents[i] == kBatch ? batch : from.extents[i];
            dimensions.at(i) =
                halide_dimension_t(0, static_cast<int32_t>(extent), static_cast<int32_t>(stride));
            stride *= extent;
        }
    }
};

}  // namespace

void set_jit_threads(int threads) {
    requested_threads = threads;
    JITSharedRuntime::set_num_threads(threads);
}

JitKernel::JitKernel(const Kernel &kernel) { std::tie(code, function) = compile(kernel); }

JitProgram::JitProgram(Program program, const JitOptions &options) : chain(std::move(program)) {
    LowerOptions lower_options{options.level != nullptr ? options.level : &host_level(), options.batch,
                               options.parallel, options.strict_float};
    user_check(host_runs(*lower_options.level), "CPU level {}: this machine lacks it; it has {}",
               lower_options.level->name, host_level().name);
    const LowerGroup lower = options.lower != nullptr ? options.lower : lower_group;

    std::map<std::string, size_t> index;
    std::vector<std::pair<int, LowerOptions>> distinct;  // group and how it is lowered
    for (int group : chain.groups) {
        std::vector<Variant> &variants = kernels_of.emplace_back();
        for (const KernelVariant &variant : kernel_variants(chain.graph, group, lower_options)) {
            const auto [it, fresh] =
                index.emplace(group_signature(chain.graph, group, variant.options), distinct.size());
            if (fresh) {
                distinct.emplace_back(group, variant.options);
            }
            variants.push_back({variant.least_batch, it->second});
        }
    }
    if (options.compiling) {
        options.compiling(static_cast<int>(distinct.size()));
    }
    std::vector<std::optional<JitKernel>> made(distinct.size());
    parallel_for(distinct.size(), options.compile_threads, [&](size_t i) {
        made[i].emplace(lower(chain.graph, distinct[i].first, distinct[i].second));
    });
    for (std::optional<JitKernel> &kernel : made) {
        kernels.push_back(std::move(*kernel));
    }
    bind_constants();
}

void JitProgram::rebind(Program program) {
    internal_check(program.groups == chain.groups && program.constants.size() == chain.constants.size() &&
                       program.scratch_bytes_per_image == chain.scratch_bytes_per_image &&
                       print(program.graph) == print(chain.graph),
                   "rebind of network '{}' to another program", chain.graph.name);
    chain = std::move(program);
    bind_constants();
}

void JitProgram::bind_constants() {
    constants.clear();
    for (ValueId id : chain.constants) {
        constants.push_back(chain.graph.constants.at(id)->bytes.data());
    }
}

size_t JitProgram::scratch_bytes(int64_t batch) const {
    return static_cast<size_t>(chain.scratch_bytes_per_image * batch);
}

void JitProgram::run(const JitMemory &memory, int64_t batch, std::vector<double> *seconds) const {
    auto host = [&](const Buffer &b) -> void * {
        const auto index = static_cast<size_t>(b.index);
        switch (b.space) {
            case Space::Input:
                return const_cast<void *>(memory.inputs.at(index));
            case Space::Output:
                return memory.outputs.at(index);
            case Space::Constant:
                return const_cast<void *>(constants.at(index));
            case Space::State:
                return memory.states.at(index);
            case Space::Scratch:
                break;
        }
        return static_cast<std::byte *>(memory.scratch) + b.offset * batch;
    };
    if (seconds != nullptr) {
        seconds->resize(chain.steps.size());
    }
    std::vector<Descriptor> descriptors;
    std::vector<halide_buffer_t *> operands;
    for (size_t i = 0; i < chain.steps.size(); i++) {
        const Step &step = chain.steps[i];
        descriptors.resize(std::max(descriptors.size(), step.operands.size()));
        operands.clear();
        for (size_t k = 0; k < step.operands.size(); k++) {
            descriptors[k].fill(step.operands[k], host(step.operands[k]), batch);
            operands.push_back(&descriptors[k].buffer);
        }
        const Clock::time_point start = seconds != nullptr ? Clock::now() : Clock::time_point{};
        const std::vector<Variant> &variants = kernels_of[static_cast<size_t>(step.kernel)];
        const Variant &variant = batch >= variants.back().least_batch ? variants.back() : variants.front();
        const int status = kernels[variant.kernel].run(operands);
        internal_check(status == 0, "layer '{}': its kernel returned {}", step.layer, status);
        if (seconds != nullptr) {
            (*seconds)[i] += std::chrono::duration<double>(Clock::now() - start).count();
        }
    }
}

}  // namespace quantide
