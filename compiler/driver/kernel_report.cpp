#include "compiler/driver/kernel_report.h"

#include "compiler/codegen/kernel_compiler.h"
#include "compiler/lower/arithmetic.h"
#include "compiler/lower/group_lowering.h"
#include "compiler/ops/rules.h"
#include "schedules/schedule.h"

namespace quantide {

namespace {

LowerOptions lower_options(const LowerChoice &choice) {
    return {choice.level, choice.batch, choice.parallel, choice.strict_float, choice.expected_batch};
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

std::vector<std::pair<int64_t, LowerChoice>> kernel_choices(const Program &program, const Step &step,
                                                            const LowerChoice &choice) {
    std::vector<std::pair<int64_t, LowerChoice>> result;
    for (const KernelVariant &variant :
         kernel_variants(program.graph, group_of(program, step), lower_options(choice))) {
        const LowerOptions &how = variant.options;
        result.push_back({variant.least_batch,
                          {how.level, how.batch, how.parallel, how.strict_float, how.expected_batch}});
    }
    return result;
}

LowerChoice kernel_choice(const Program &program, const Step &step, const LowerChoice &choice,
                          int64_t batch) {
    const auto choices = kernel_choices(program, step, choice);
    return batch >= choices.back().first ? choices.back().second : choices.front().second;
}

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
                reports.push_back({to_string(cost.arithmetic), cost.name, cost.seconds(1),
                                   cost.seconds(kLargeBatch), cost.why});
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
