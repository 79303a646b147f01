#pragma once
#include <Halide.h>

#include <functional>
#include <string>

namespace quantide {

// Halide 21 compiles AVX512_Zen4 for a Zen 4, so that LLVM may use what AMD's CPUs alone have: SSE4A's extrq
// and insertq. It takes them for one kernel in some hundred; those are compiled again with LLVM told to do
// without.

/** Whether that is the case for a target. */
bool compiled_for_zen4(const Halide::Target &target);

/** Runs `compile`, in which Halide compiles a module. Everything that compiles must be run by this or by
 * compile_without_sse4a. */
void compile_beside_others(const std::function<void()> &compile);

/** The same for `module`, whose code will have no SSE4A. Nothing else compiles meanwhile. `compile` must make
 * a file: where Halide compiles into memory it sets each function's CPU again. */
void compile_without_sse4a(const Halide::Module &module, const std::function<void()> &compile);

/** Whether code, an object or assembly text, may have SSE4A: bytes that look like it may be another
 * instruction's. */
bool may_have_sse4a(const std::string &code, bool object);

}  // namespace quantide
