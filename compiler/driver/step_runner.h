#pragma once
#include "compiler/codegen/jit.h"
#include "compiler/driver/kernel_report.h"

#include <HalideRuntime.h>

namespace quantide {

/** One kernel of a program, called alone on operands of its own. */
class StepRunner {
public:
    StepRunner(const Program &program, const Step &step, const LowerChoice &choice, int64_t batch);
    StepRunner(const StepRunner &) = delete;
    StepRunner &operator=(const StepRunner &) = delete;

    void run() const;

private:
    /** One operand: its memory and its description. */
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
