#pragma once
#include "compiler/codegen/jit.h"
#include "compiler/driver/kernel_report.h"

#include <HalideRuntime.h>

#include <span>

namespace quantide {

/** What one call of a program works on, with zeros in it. */
struct CallMemory {
    CallMemory(const Program &program, int64_t batch);

    int64_t batch;
    std::vector<AlignedBytes> inputs, outputs;
    AlignedBytes scratch;
};

/** Steps of a program without states, called one after another. */
class StepsRunner {
public:
    /** `steps` are of the program; it, they and the memory must outlive the object. */
    StepsRunner(const Program &program, std::span<const Step> steps, const LowerChoice &choice,
                CallMemory &memory);

    /** Puts random bits into what the first step reads, numbers in (-1, 1) where it reads float32. */
    void fill_inputs();
    void run() const;

private:
    /** A kernel and the descriptions of its operands. */
    struct Call {
        JitKernel kernel;
        std::vector<std::vector<halide_dimension_t>> dimensions;
        std::vector<halide_buffer_t> buffers;
        std::vector<halide_buffer_t *> operands;
    };

    std::span<const Step> steps_;
    std::vector<Call> calls_;
};

}  // namespace quantide
