#pragma once
#include <span>
#include <string>
#include <vector>

namespace quantide {

/** One set of instructions that code is made for. A library holds code of one or more levels of one
 * architecture and picks the highest that the CPU has when it runs. */
struct CpuLevel {
    const char *name;          ///< "amx", "avx512", "avx2", "baseline", "neon", "dotprod"
    const char *architecture;  ///< "x86-64" or "arm-64"
    const char *summary;       ///< what the CPU must have, and examples of such CPUs
    const char *features;      ///< Halide's feature string for it, to append to "x86-64-linux"
    /** The level whose code serves where nothing is multiplied by what this one adds; null: none. */
    const char *otherwise;
};

/** Every level of every architecture; within one, the highest first. */
std::span<const CpuLevel> all_levels();

/** The level of that name. Throws CompileError that lists the known ones. */
const CpuLevel &find_level(const std::string &name);

/** The highest level that this machine's CPU and operating system support. */
const CpuLevel &host_level();

/** True if this machine can run code of `level`. */
bool host_runs(const CpuLevel &level);

/** What a library is made for. */
struct Target {
    std::string name;  ///< "x86-64-linux", "arm-64-linux", or one level of it: "x86-64-linux-avx2"
    std::string architecture;
    std::vector<const CpuLevel *> levels;  ///< highest first
};

/** Reads a target's name; "host" is this machine's architecture with all its levels.
 * Throws CompileError that lists the known ones. */
Target find_target(const std::string &name);

/** The names that find_target takes, with a sentence each. */
std::vector<std::pair<std::string, std::string>> all_targets();

}  // namespace quantide
