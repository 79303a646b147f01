#include "compiler/driver/kernel_report.h"

#include "compiler/codegen/kernel_compiler.h"
#include "compiler/lower/arithmetic.h"
#include "compiler/lower/group_lowering.h"
#include "compiler/ops/rules.h"
#include "schedules/schedule.h"

namespace quantide {

namespace {

LowerOptions lower_options(const LowerChoice &choice) {
    return {choice.level, choice.batch, choice.parallel, choice.strict_float};
}

int group_of(const Program &program, const Step &step) {
    return program.groups.at(static_cast<size_t>(step.kernel));
}

Kernel lower_step(const Program &program, const Step &step, const LowerChoice &choice) {
    return lower_group(program.graph, group_of(program, step), lower_options(choice));
}

/** "dense/w1a1" for "dense/popcount" of one bit by one bit. */
std::string family_of(const Kernel &kernel) {
    const size_t slash = kernel.family.find('/');
    if (kernel.operands.empty() || slash == std::string::npos) {
        return kernel.family;
    }
    const size_t rest = kernel.family.find('/', slash + 1);
    return kernel.family.substr(0, slash + 1) + kernel.operands +
           (rest == std::string::npos ? "" : kernel.family.substr(rest));
}

}  // namespace

KernelReport report_kernel(const Program &program, const Step &step, const LowerChoice &choice) {
    const Kernel kernel = lower_step(program, step, choice);
    return {family_of(kernel), kernel.arithmetic, find_schedule(kernel.family, kernel.target).instruction,
            kernel.plane_pairs};
}

std::vector<ArithmeticReport> report_arithmetics(const Program &program, const Step &step,
                                                 const LowerChoice &choice) {
    std::vector<ArithmeticReport> reports;
    for (const Node &node : program.graph.nodes) {
        if (node.group == group_of(program, step) && is_integer_product(node)) {
            for (const ArithmeticCost &cost : arithmetics_of(program.graph, node, lower_options(choice))) {
                reports.push_back({to_string(cost.arithmetic), cost.name, cost.one, cost.many, cost.why});
            }
        }
    }
    return reports;
}

std::string kernel_signature(const Program &program, const Step &step, const LowerChoice &choice) {
    return group_signature(program.graph, group_of(program, step), lower_options(choice));
}

JitKernel compile_step(const Program &program, const Step &step, const LowerChoice &choice) {
    return JitKernel(lower_step(program, step, choice));
}

std::string kernel_assembly(const Program &program, const Step &step, const LowerChoice &choice) {
    return compile_kernel(lower_step(program, step, choice), kKernelFunction, CodeFormat::Assembly);
}

}  // namespace quantide
