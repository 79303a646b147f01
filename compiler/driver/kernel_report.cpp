#include "compiler/driver/kernel_report.h"

#include "compiler/codegen/kernel_compiler.h"
#include "compiler/lower/lower.h"
#include "schedules/schedule.h"

namespace quantide {

namespace {

Kernel lower_step(const Program &program, const Step &step, const CpuLevel &level, bool parallel) {
    LowerOptions options;
    options.level = &level;
    options.parallel = parallel;
    return lower_group(program.graph, program.groups.at(static_cast<size_t>(step.kernel)), options);
}

}  // namespace

KernelReport report_kernel(const Program &program, const Step &step, const CpuLevel &level) {
    const Kernel kernel = lower_step(program, step, level, false);
    const Schedule &schedule = find_schedule(kernel.family, kernel.target);
    return {kernel.family, kernel.arithmetic, schedule.instruction};
}

std::string kernel_assembly(const Program &program, const Step &step, const CpuLevel &level, bool parallel) {
    return compile_kernel(lower_step(program, step, level, parallel), kKernelFunction, CodeFormat::Assembly);
}

}  // namespace quantide
