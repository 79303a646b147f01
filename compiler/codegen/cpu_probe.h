#pragma once
#include "compiler/codegen/target.h"

#include <Halide.h>

namespace quantide {

/** `int name(void)`: the index of the first of the target's levels that the CPU and the operating system
 * have, or their number if there is none. It asks cpuid and xgetbv, or getauxval, itself: Halide's own probe
 * accepts features that it does not know and does not look at what the system saves. */
Halide::Internal::LoweredFunc make_cpu_probe(const std::string &name, const Target &target);

}  // namespace quantide
