#pragma once
#include "compiler/codegen/target.h"
#include "compiler/lower/program.h"

namespace quantide {

/** What the compiler chose for one kernel. */
struct KernelReport {
    std::string family;       ///< "dense/w1a1"
    std::string arithmetic;   ///< "popcount"; empty where there are no products
    std::string instruction;  ///< what its code contains: "vpopcntd"; empty where any does
};

/** What the compiler chooses for a step of a program on a CPU level. */
KernelReport report_kernel(const Program &program, const Step &step, const CpuLevel &level);

/** The assembly of a step's kernel. */
std::string kernel_assembly(const Program &program, const Step &step, const CpuLevel &level, bool parallel);

}  // namespace quantide
