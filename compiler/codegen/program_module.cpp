#include "compiler/codegen/program_module.h"

#include "compiler/base/error.h"
#include "compiler/base/integers.h"
#include "compiler/codegen/cpu_probe.h"
#include "compiler/codegen/halide_ir.h"
#include "compiler/codegen/kernel_compiler.h"

#include "compiler/lower/group_lowering.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <limits>

namespace quantide {

namespace {

using namespace Halide::Internal;
using Halide::cast;
using Halide::Expr;

constexpr uint64_t kScratchAlignment = 64;

int64_t bytes_per_image(const Buffer &buffer) {
    int64_t bytes = buffer.type.bytes();
    for (int64_t extent : buffer.extents) {
        bytes *= extent == kBatch ? 1 : extent;
    }
    return bytes;
}

bool has_batch(const Buffer &buffer) {
    return std::find(buffer.extents.begin(), buffer.extents.end(), kBatch) != buffer.extents.end();
}

std::vector<KernelVariant> variants_of(const Program &program, int kernel, const CpuLevel &level) {
    return kernel_variants(program.graph, program.groups.at(static_cast<size_t>(kernel)), {.level = &level});
}

std::string symbol_of(const std::string &network, int kernel, const KernelVariant &variant) {
    return kernel_symbol(network, kernel, *variant.options.level, variant.least_batch > 1);
}

/** Emits the functions of one program. */
class ProgramEmitter {
public:
    ProgramEmitter(const Program &of, const std::string &named, const std::vector<int64_t> &offsets)
        : program(of), network(named), constant_offsets(offsets), names(parameter_names(of)) {
        for (const std::string &name : names) {
            arguments.push_back(ir_argument(name, Halide::Handle()));
            values.push_back(ir_handle(name));
        }
        arguments.push_back(ir_argument("scratch", Halide::Handle()));
        arguments.push_back(ir_argument("batch", Halide::Int(32)));
        values.push_back(ir_handle("scratch"));
        values.push_back(batch);
    }

    /** The kernels of one level in order. */
    LoweredFunc chain(const CpuLevel &level) const {
        Stmt s;
        for (size_t i = program.steps.size(); i-- > 0;) {
            const Step &step = program.steps[i];
            std::vector<Expr> buffers;
            for (size_t k = 0; k < step.operands.size(); k++) {
                buffers.push_back(
                    Variable::make(Halide::type_of<halide_buffer_t *>(), fmt::format("buffer_{}_{}", i, k)));
            }
            Stmt call;
            for (const KernelVariant &variant : variants_of(program, step.kernel, level)) {
                const Stmt here = call_checked(ir_call(symbol_of(network, step.kernel, variant), buffers),
                                               fmt::format("status_{}", i));
                call = call.defined()
                           ? IfThenElse::make(batch >= static_cast<int>(variant.least_batch), here, call)
                           : here;
            }
            s = s.defined() ? Block::make(call, s) : call;
            for (size_t k = 0; k < step.operands.size(); k++) {
                s = LetStmt::make(buffers[k].as<Variable>()->name, descriptor(step.operands[k]), s);
            }
        }
        internal_check(s.defined(), "network {} has no steps", network);
        s = LetStmt::make("constants",
                          Call::make(Halide::Handle(), constants_symbol(network), {}, Call::Extern), s);
        return ir_function(run_symbol(level), arguments, s);
    }

    LoweredFunc unsupported() const {
        return ir_function(unsupported_symbol(), arguments,
                           ir_return(static_cast<int>(Status::UnsupportedCpu)));
    }

    /** NAME_run: the checks, then the first level that the CPU has; Halide keeps that choice. */
    LoweredFunc entry(const Target &target, bool any_cpu) const {
        std::vector<Expr> choices;
        for (size_t i = 0; i < target.levels.size(); i++) {
            const bool last = any_cpu && i + 1 == target.levels.size();
            choices.push_back(last ? const_true()
                                   : ir_call(level_symbol(network), {}) == static_cast<int>(i));
            choices.push_back(StringImm::make(run_symbol(*target.levels[i])));
        }
        if (!any_cpu) {
            choices.push_back(const_true());
            choices.push_back(StringImm::make(unsupported_symbol()));
        }
        const Expr result =
            choices.size() == 2
                ? ir_call(run_symbol(*target.levels[0]), values)
                : Call::make(Halide::Int(32), Call::call_cached_indirect_function, choices, Call::Intrinsic);
        return ir_function(network + "_run", arguments,
                           Block::make(checks(), call_checked(result, "status")));
    }

private:
    const Program &program;
    const std::string &network;
    const std::vector<int64_t> &constant_offsets;
    const std::vector<std::string> names;
    const Expr batch = Variable::make(Halide::Int(32), "batch");
    std::vector<LoweredArgument> arguments;
    std::vector<Expr> values;

    std::string run_symbol(const CpuLevel &level) const {
        return fmt::format("{}_run_{}", network, level.name);
    }
    std::string unsupported_symbol() const { return network + "_run_unsupported"; }

    static Stmt call_checked(const Expr &call, const std::string &name) {
        const Expr status = Variable::make(Halide::Int(32), name);
        return LetStmt::make(name, call, ir_require(status == 0, status));
    }

    Stmt checks() const {
        auto status = [](Status s) { return Expr(static_cast<int>(s)); };
        auto aligned = [](const Expr &pointer, uint64_t bytes) {
            return (ir_address(pointer) & ir_u64(bytes - 1)) == ir_u64(0);
        };
        Expr present = const_true();
        Expr fits = aligned(ir_handle("scratch"), kScratchAlignment);
        for (size_t i = 0; i + 1 < values.size(); i++) {
            present = present && ir_address(values[i]) != ir_u64(0);
            if (i < names.size()) {
                fits = fits && aligned(values[i], static_cast<uint64_t>(parameter_type(i).bytes()));
            }
        }
        return Block::make({ir_require(present, status(Status::NullPointer)),
                            ir_require(batch >= 1 && batch <= max_batch(program), status(Status::BadBatch)),
                            ir_require(fits, status(Status::Misaligned))});
    }

    ElementType parameter_type(size_t i) const {
        const size_t inputs = program.inputs.size();
        return memory_type(program.graph.value(i < inputs ? program.inputs[i] : program.outputs[i - inputs]));
    }

    Expr host(const Buffer &buffer) const {
        const auto index = static_cast<size_t>(buffer.index);
        switch (buffer.space) {
            case Space::Input:
                return values.at(index);
            case Space::Output:
                return values.at(program.inputs.size() + index);
            case Space::Scratch:
                return ir_offset(ir_handle("scratch"),
                                 cast<uint64_t>(batch) * ir_u64(static_cast<uint64_t>(buffer.offset)));
            case Space::Constant:
                return ir_offset(ir_handle("constants"),
                                 ir_u64(static_cast<uint64_t>(constant_offsets.at(index))));
            case Space::State:
                break;
        }
        throw InternalError(fmt::format("network {}: a library has no state", network));
    }

    /** A dense halide_buffer_t on the stack. */
    Expr descriptor(const Buffer &buffer) const {
        BufferBuilder builder;
        builder.host = host(buffer);
        builder.type = halide_type(buffer.type);
        builder.dimensions = static_cast<int>(buffer.extents.size());
        Expr stride = 1;
        for (int64_t extent : buffer.extents) {
            const Expr e = extent == kBatch ? batch : Expr(static_cast<int>(extent));
            builder.mins.emplace_back(0);
            builder.extents.push_back(e);
            builder.strides.push_back(stride);
            stride = stride * e;
        }
        return builder.build();
    }
};

/** True if every CPU of the architecture runs the lowest level. */
bool runs_anywhere(const Target &target) {
    const std::string lowest = target.levels.back()->name;
    return lowest == "baseline" || lowest == "neon";
}

}  // namespace

const std::vector<StatusText> &all_statuses() {
    static const std::vector<StatusText> statuses = {
        {Status::Ok, "OK", "ok"},
        {Status::NullPointer, "NULL_POINTER", "a pointer is null"},
        {Status::BadBatch, "BAD_BATCH", "the batch is below 1 or too large"},
        {Status::Misaligned, "MISALIGNED", "a pointer is not aligned as the header says"},
        {Status::UnsupportedCpu, "UNSUPPORTED_CPU", "this CPU lacks instructions that the code needs"},
        {Status::OutOfMemory, "OUT_OF_MEMORY", "not enough memory for scratch"},
    };
    return statuses;
}

ElementType memory_type(const Value &value) {
    if (value.type.bits >= 8) {
        return value.type;
    }
    return value.layout == Layout::Logical ? UInt(8) : UInt(32);
}

int32_t max_batch(const Program &program) {
    constexpr int64_t kIndexLimit = std::numeric_limits<int32_t>::max();
    int64_t limit = kIndexLimit;
    for (const Step &step : program.steps) {
        for (const Buffer &buffer : step.operands) {
            if (has_batch(buffer)) {
                limit = std::min(limit, kIndexLimit / bytes_per_image(buffer));
            }
        }
    }
    user_check(limit >= 1, "network '{}': a tensor takes more than 2 GiB an image", program.graph.name);
    return static_cast<int32_t>(limit);
}

int64_t scratch_bytes_per_image(const Program &program) {
    constexpr int64_t kUnit = kScratchAlignment;
    return std::max(round_up(program.scratch_bytes_per_image, kUnit), kUnit);
}

std::string kernel_symbol(const std::string &network, int kernel, const CpuLevel &level, bool many) {
    return fmt::format("{}_k{}_{}{}", network, kernel, level.name, many ? "_many" : "");
}

std::string level_symbol(const std::string &network) { return network + "_level_index"; }

std::string constants_symbol(const std::string &network) { return network + "_constants"; }

std::vector<std::string> parameter_names(const Program &program) {
    std::vector<std::string> names;
    auto add = [&](const std::string &prefix, size_t count) {
        for (size_t i = 0; i < count; i++) {
            names.push_back(count == 1 ? prefix : fmt::format("{}{}", prefix, i + 1));
        }
    };
    add("in", program.inputs.size());
    add("out", program.outputs.size());
    return names;
}

std::string compile_program(const Program &program, const std::string &network, const Target &target,
                            const std::vector<int64_t> &constant_offsets) {
    // Code that every CPU runs, with asserts: they carry the status codes.
    Halide::Module module(network, Halide::Target(target.architecture + "-linux-no_runtime-no_bounds_query"));
    const ProgramEmitter emitter(program, network, constant_offsets);
    for (const CpuLevel *level : target.levels) {
        module.append(emitter.chain(*level));
    }
    const bool any_cpu = runs_anywhere(target);
    if (!any_cpu) {
        module.append(emitter.unsupported());
    }
    module.append(make_cpu_probe(level_symbol(network), target));
    module.append(emitter.entry(target, any_cpu));
    return compile_module(module, CodeFormat::Object);
}

std::string program_text(const Program &program, const std::string &network, const Target &target,
                         const std::vector<int64_t> &constant_offsets) {
    std::string text =
        fmt::format("program {} for {}\nscratch {} inputs {} outputs {} constants {}\n", network, target.name,
                    program.scratch_bytes_per_image, program.inputs.size(), program.outputs.size(),
                    fmt::join(constant_offsets, " "));
    for (const Step &step : program.steps) {
        text += fmt::format("kernel {} of", step.kernel);
        for (const CpuLevel *level : target.levels) {
            for (const KernelVariant &variant : variants_of(program, step.kernel, *level)) {
                text +=
                    fmt::format(" {} from {}", symbol_of(network, step.kernel, variant), variant.least_batch);
            }
        }
        for (const Buffer &b : step.operands) {
            text += fmt::format(" ({} {} {} {} [{}])", static_cast<int>(b.space),
                                b.space == Space::Scratch ? 0 : b.index, b.offset, to_string(b.type),
                                fmt::join(b.extents, " "));
        }
        text += '\n';
    }
    return text;
}

}  // namespace quantide
