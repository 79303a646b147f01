#pragma once
#include "compiler/codegen/jit.h"
#include "compiler/lower/program.h"

#include <optional>

namespace quantide {

/** What the compiler chose for one kernel. */
struct KernelReport {
    std::string family;       ///< "dense/w1a1"
    std::string arithmetic;   ///< "popcount"; empty where there are no products
    std::string instruction;  ///< what its code contains: "vpopcntd"; empty where any does
    int plane_pairs = 1;      ///< products of bits that make one product
};

/** LowerOptions, for who does without Halide. */
struct LowerChoice {
    const CpuLevel *level = nullptr;
    std::optional<int64_t> batch = {};
    bool parallel = false;
    bool strict_float = true;
    std::optional<int64_t> expected_batch = {};
};

/** How the kernels of a step are lowered, by the least batch that each is for (see kernel_variants()). */
std::vector<std::pair<int64_t, LowerChoice>> kernel_choices(const Program &program, const Step &step,
                                                            const LowerChoice &choice);

/** How that is lowered which runs a batch. */
LowerChoice kernel_choice(const Program &program, const Step &step, const LowerChoice &choice, int64_t batch);

/** What the compiler chooses for a step of a program. */
KernelReport report_kernel(const Program &program, const Step &step, const LowerChoice &choice);

/** An arithmetic that can compute a step's integer product (see ArithmeticCost). */
struct ArithmeticReport {
    std::string option;  ///< as a layer asks for it: "popcount"
    std::string name;    ///< on the level: "maddubs"
    double one, many;    ///< estimated seconds an image, alone and in a large batch
    std::string why;
};

/** What can compute a step's integer product on a level, the choice first; none without such a product. */
std::vector<ArithmeticReport> report_arithmetics(const Program &program, const Step &step,
                                                 const LowerChoice &choice);

/** What a step's kernel computes: those of equal text are one kernel. */
std::string kernel_signature(const Program &program, const Step &step, const LowerChoice &choice);

/** A step's kernel, compiled into this process. */
JitKernel compile_step(const Program &program, const Step &step, const LowerChoice &choice);

/** The assembly of a step's kernel. */
std::string kernel_assembly(const Program &program, const Step &step, const LowerChoice &choice);

}  // namespace quantide
