#include "compiler/driver/step_runner.h"

#include "compiler/base/philox.h"

namespace quantide {

namespace {

halide_type_t runtime_type(ElementType type) {
    const halide_type_code_t code = type.is_float()                       ? halide_type_float
                                    : type.kind == ElementType::Kind::Int ? halide_type_int
                                                                          : halide_type_uint;
    return {code, static_cast<uint8_t>(type.bits), 1};
}

/** Random bits; numbers in (-1, 1) where they are float32. */
void fill(std::span<std::byte> memory, ElementType type, uint32_t stream) {
    const RandomStream random{.seed = 1, .stream = stream};
    auto *words = reinterpret_cast<uint32_t *>(memory.data());
    auto *numbers = reinterpret_cast<float *>(memory.data());
    for (size_t i = 0; i < memory.size() / 4; ++i) {
        if (type.is_float()) {
            numbers[i] = uniform_symmetric(random(i));
        } else {
            words[i] = random(i);
        }
    }
}

}  // namespace

StepRunner::StepRunner(const Program &program, const Step &step, const LowerChoice &choice, int64_t batch)
    : StepRunner(compile_step(program, step, choice), step, batch, nullptr) {}

StepRunner::StepRunner(JitKernel kernel, const Step &step, int64_t batch,
                       const std::function<void *(const Buffer &)> &host)
    : kernel_(std::move(kernel)), operands_(step.operands.size()) {
    for (size_t i = 0; i < operands_.size(); ++i) {
        const Buffer &from = step.operands[i];
        Operand &operand = operands_[i];
        int64_t stride = 1;
        for (const int64_t extent : from.extents) {
            const int64_t n = extent == kBatch ? batch : extent;
            operand.dimensions.emplace_back(0, static_cast<int32_t>(n), static_cast<int32_t>(stride));
            stride *= n;
        }
        if (!host) {
            operand.memory = AlignedBytes(static_cast<size_t>(stride * from.type.bytes()));
            fill(operand.memory, from.type, static_cast<uint32_t>(i));
        }
        operand.buffer.host =
            host ? static_cast<uint8_t *>(host(from)) : reinterpret_cast<uint8_t *>(operand.memory.data());
        operand.buffer.type = runtime_type(from.type);
        operand.buffer.dimensions = static_cast<int32_t>(operand.dimensions.size());
        operand.buffer.dim = operand.dimensions.data();
        buffers_.push_back(&operand.buffer);
    }
}

void StepRunner::run() const {
    const int status = kernel_.run(buffers_);
    internal_check(status == 0, "a kernel returned {}", status);
}

}  // namespace quantide
