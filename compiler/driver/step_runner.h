#pragma once
#include "compiler/codegen/jit.h"
#include "compiler/driver/kernel_report.h"

#include <HalideRuntime.h>

namespace quantide {

/** One kernel of a program, called alone. */
class StepRunner {
public:
    /** On operands of its own, random bits. */
    StepRunner(const Program &program, const Step &step, const LowerChoice &choice, int64_t batch);
    /** On operands that lie where `host` says; if it is null, on operands of its own. */
    StepRunner(JitKernel kernel, const Step &step, int64_t batch,
               const std::function<void *(const Buffer &)> &host);
    StepRunner(const StepRunner &) = delete;
    StepRunner &operator=(const StepRunner &) = delete;

    void run() const;

private:
    /** One operand: its memory, if that is its own, and its description. */
    struct Operand {
        AlignedBytes memory;
        std::vector<halide_dimension_t> dimensions;
        halide_buffer_t buffer{};
    };

    JitKernel kernel_;
    std::vector<Operand> operands_;
    std::vector<halide_buffer_t *> buffers_;
};

}  // namespace quantide
