#include "compiler/driver/kernel_report.h"

#include "compiler/codegen/kernel_compiler.h"
#include "compiler/lower/lower.h"
#include "schedules/schedule.h"

namespace quantide {

namespace {

Kernel lower_step(const Program &program, const Step &step, const LowerChoice &choice) {
    const LowerOptions options{choice.level, choice.batch, choice.parallel, choice.strict_float};
    return lower_group(program.graph, program.groups.at(static_cast<size_t>(step.kernel)), options);
}

}  // namespace

KernelReport report_kernel(const Program &program, const Step &step, const LowerChoice &choice) {
    const Kernel kernel = lower_step(program, step, choice);
    return {kernel.family, kernel.arithmetic, find_schedule(kernel.family, kernel.target).instruction};
}

JitKernel compile_step(const Program &program, const Step &step, const LowerChoice &choice) {
    return JitKernel(lower_step(program, step, choice));
}

std::string kernel_assembly(const Program &program, const Step &step, const LowerChoice &choice) {
    return compile_kernel(lower_step(program, step, choice), kKernelFunction, CodeFormat::Assembly);
}

}  // namespace quantide
