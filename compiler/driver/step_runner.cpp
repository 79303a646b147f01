#include "compiler/driver/step_runner.h"

#include "compiler/base/philox.h"

#include <map>

namespace quantide {

namespace {

halide_type_t runtime_type(ElementType type) {
    const halide_type_code_t code = type.is_float()                       ? halide_type_float
                                    : type.kind == ElementType::Kind::Int ? halide_type_int
                                                                          : halide_type_uint;
    return {code, static_cast<uint8_t>(type.bits), 1};
}

std::vector<AlignedBytes> memory_of(const Graph &graph, const std::vector<ValueId> &ids, int64_t batch) {
    std::vector<AlignedBytes> result;
    for (const ValueId id : ids) {
        const Value &value = graph.value(id);
        result.emplace_back(static_cast<size_t>(byte_count(value.shape, value.type, value.layout, batch)));
    }
    return result;
}

/** Where an operand lies. */
std::byte *address(const Program &program, const Buffer &buffer, CallMemory &memory) {
    const auto index = static_cast<size_t>(buffer.index);
    switch (buffer.space) {
        case Space::Input:
            return memory.inputs.at(index).data();
        case Space::Output:
            return memory.outputs.at(index).data();
        case Space::Scratch:
            return memory.scratch.data() + buffer.offset * memory.batch;
        default:
            // Kernels only read it.
            return const_cast<std::byte *>(
                program.graph.constants.at(program.constants.at(index))->bytes.data());
    }
}

}  // namespace

CallMemory::CallMemory(const Program &program, int64_t rows)
    : batch(rows),
      inputs(memory_of(program.graph, program.inputs, rows)),
      outputs(memory_of(program.graph, program.outputs, rows)),
      scratch(static_cast<size_t>(program.scratch_bytes_per_image * rows)) {}

StepsRunner::StepsRunner(const Program &program, std::span<const Step> steps, const LowerChoice &choice,
                         CallMemory &memory)
    : steps_(steps), calls_() {
    std::map<std::string, JitKernel> compiled;
    for (const Step &step : steps) {
        const std::string signature = kernel_signature(program, step, choice);
        if (compiled.count(signature) == 0) {
            compiled.emplace(signature, compile_step(program, step, choice));
        }
        Call &call = calls_.emplace_back(Call{.kernel = compiled.at(signature),
                                              .dimensions = {},
                                              .buffers = std::vector<halide_buffer_t>(step.operands.size()),
                                              .operands = {}});
        for (size_t i = 0; i < step.operands.size(); ++i) {
            const Buffer &from = step.operands[i];
            std::vector<halide_dimension_t> &dimensions = call.dimensions.emplace_back();
            int64_t stride = 1;
            for (const int64_t extent : from.extents) {
                const int64_t n = extent == kBatch ? memory.batch : extent;
                dimensions.emplace_back(0, static_cast<int32_t>(n), static_cast<int32_t>(stride));
                stride *= n;
            }
            halide_buffer_t &buffer = call.buffers[i];
            buffer.host = reinterpret_cast<uint8_t *>(address(program, from, memory));
            buffer.type = runtime_type(from.type);
            buffer.dimensions = static_cast<int32_t>(dimensions.size());
            buffer.dim = dimensions.data();
            call.operands.push_back(&buffer);
        }
    }
}

void StepsRunner::fill_inputs() {
    for (size_t i = 0; i < steps_.front().operands.size(); ++i) {
        const Space space = steps_.front().operands[i].space;
        const halide_buffer_t &buffer = calls_.front().buffers[i];
        if (space != Space::Input && space != Space::Scratch) {
            continue;
        }
        const RandomStream random{.seed = 1, .stream = static_cast<uint32_t>(i)};
        for (size_t word = 0; word < buffer.size_in_bytes() / 4; ++word) {
            if (buffer.type.code == halide_type_float) {
                reinterpret_cast<float *>(buffer.host)[word] = uniform_symmetric(random(word));
            } else {
                reinterpret_cast<uint32_t *>(buffer.host)[word] = random(word);
            }
        }
    }
}

void StepsRunner::run() const {
    for (const Call &call : calls_) {
        const int status = call.kernel.run(call.operands);
        internal_check(status == 0, "a kernel returned {}", status);
    }
}

}  // namespace quantide
