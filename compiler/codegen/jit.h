#pragma once
#include "compiler/codegen/target.h"
#include "compiler/lower/program.h"

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

struct halide_buffer_t;

namespace quantide {

struct Kernel;
struct LowerOptions;

/** lower_group, or a stand-in that tests use. */
using LowerGroup = Kernel (*)(const Graph &graph, int group, const LowerOptions &options);

/** The number of threads that parallel loops of kernels in this process use; 0 for as many as there are
 * CPUs. It holds for all kernels. */
void set_jit_threads(int threads);

/** A kernel compiled into memory. Copies share the code, which goes with the last of them. */
class JitKernel {
public:
    /** kernel.target must be one that this machine runs. */
    explicit JitKernel(const Kernel &kernel);

    /** Runs it on its operands, inputs first, and returns its status: 0 unless it has parallel loops and
     * the system fails. It checks nothing. Several threads may call at once. */
    int run(std::span<halide_buffer_t *const> operands) const {
        return function(reinterpret_cast<const void *const *>(operands.data()));
    }

private:
    std::shared_ptr<const void> code;
    int (*function)(const void *const *) = nullptr;
};

struct JitOptions {
    /** Null: the highest that this machine has. Throws CompileError for one that it lacks. */
    const CpuLevel *level = nullptr;
    /** The batch when it is always the same. */
    std::optional<int64_t> batch = {};
    bool parallel = true;
    bool strict_float = true;
    /** For compiling; 0: all. */
    int compile_threads = 0;
    /** If given, is told how many kernels are about to be compiled. */
    std::function<void(int kernels)> compiling = {};
    /** Null: lower_group. */
    LowerGroup lower = nullptr;
};

/** Where the tensors of one run lie, in the program's order. Everything must be aligned as its elements
 * are, states and scratch to 64 bytes. */
struct JitMemory {
    std::vector<const void *> inputs;
    std::vector<void *> outputs;
    std::vector<void *> states;
    void *scratch = nullptr;
};

/** A program that runs in this process: the same kernels as in a library. */
class JitProgram {
public:
    /** Lowers and compiles the program's kernels, equal ones once. */
    explicit JitProgram(Program program, const JitOptions &options = {});

    const Program &program() const { return chain; }
    /** Takes a program that differs in its constants' numbers only, such as the same network with other
     * parameters; nothing is compiled. Throws InternalError when its kernels are not the same. */
    void rebind(Program program);
    /** Bytes that JitMemory::scratch must have. */
    size_t scratch_bytes(int64_t batch) const;

    /** Runs the steps in order. Several threads may call at once on memory of their own. If `seconds` is
     * given, adds the time that each step took to its element. */
    void run(const JitMemory &memory, int64_t batch, std::vector<double> *seconds = nullptr) const;

private:
    void bind_constants();

    Program chain;
    struct Variant {
        int64_t least_batch;
        size_t kernel;
    };
    std::vector<JitKernel> kernels;                ///< distinct ones
    std::vector<std::vector<Variant>> kernels_of;  ///< Program's kernel index -> what computes it
    std::vector<const void *> constants;
};

}  // namespace quantide
