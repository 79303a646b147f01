#pragma once
#include "compiler/codegen/cache.h"
#include "compiler/lower/lower.h"

#include <functional>
#include <string>
#include <vector>

namespace quantide {

enum class CodeFormat : uint8_t { Object, Assembly };

/** Makes a scheduled kernel one function `int name(halide_buffer_t *...)` that checks nothing and, unless it
 * has parallel loops, needs no run-time: an ELF object's bytes, or assembly text. */
std::string compile_kernel(const Kernel &kernel, const std::string &name,
                           CodeFormat format = CodeFormat::Object);

/** A kernel that is wanted, described by a text that is cheap to make. */
struct KernelRequest {
    /** Says all that the kernel's code depends on but `options`, and nothing else. */
    std::string signature;
    LowerOptions options;
    std::function<Kernel()> build;
};

/** The name of the kernel's function in the objects that compile_kernels returns. */
constexpr const char *kKernelFunction = "quantide_kernel";

struct CompiledKernels {
    std::vector<std::string> objects;  ///< one per request
    int distinct = 0;
    int compiled = 0;  ///< of the distinct ones; the others came from the cache
};

/** Compiles the kernels on `threads` threads (0: all), equal ones once, those in the cache not at all. */
CompiledKernels compile_kernels(const std::vector<KernelRequest> &requests, const CodeCache &cache,
                                int threads = 0);

/** Compiles a Halide module to an object's bytes or to assembly text. */
std::string compile_module(const Halide::Module &module, CodeFormat format);

/** The Halide run-time that kernels with parallel loops need, as an object. */
std::string compile_runtime(const std::string &architecture, const CodeCache &cache);

}  // namespace quantide
