#pragma once
#include "compiler/codegen/cache.h"
#include "compiler/codegen/target.h"
#include "compiler/driver/support.h"

namespace quantide {

/** Says on stderr why a cache kept less than it was given, if so. */
void warn_of_problem(const CodeCache &cache);

/** How to make and run a program for a target. */
struct Toolchain {
    std::string compiler;  ///< a shell command, such as "cc"
    std::string runner;    ///< put before the program, such as "qemu-aarch64"; may be empty
};

/** `wanted`, and for what is empty there the default: cc, or a cross compiler and an emulator. Throws
 * CompileError, naming the option that helps, when this machine has none. */
Toolchain find_toolchain(const Target &target, const Toolchain &wanted);

/** Scores [rows, classes] of inputs, computed by a static library in a C program of its own. */
Array run_library(const Program &program, const Target &target, const Toolchain &toolchain,
                  const Array &inputs);

/** A static library as a shared object in this process. */
class LoadedLibrary {
public:
    /** `target` must be of this machine; the C compiler cc links it. */
    LoadedLibrary(const Program &program, const Target &target, bool parallel);
    LoadedLibrary(const LoadedLibrary &) = delete;
    LoadedLibrary &operator=(const LoadedLibrary &) = delete;
    ~LoadedLibrary();

    size_t scratch_bytes(int32_t batch) const { return scratch_bytes_(batch); }
    int run(const void *in, void *out, void *scratch, int32_t batch) const {
        return run_(in, out, scratch, batch);
    }

private:
    void *handle_ = nullptr;
    size_t (*scratch_bytes_)(int32_t) = nullptr;
    int (*run_)(const void *, void *, void *, int32_t) = nullptr;
};

}  // namespace quantide
