#include "compiler/codegen/target.h"

#include "compiler/base/error.h"
#include "runtime/cpu_features.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>

namespace quantide {

namespace {

constexpr std::array kLevels = {
    CpuLevel{"amx", "x86-64",
             "AVX-512 as below, and AMX for tiles of bytes and bfloat16: Sapphire Rapids and later",
             "-sse41-avx-avx2-fma-f16c-avx512-avx512_skylake-avx512_cannonlake-avx512_zen4-"
             "avx512_sapphirerapids",
             "avx512"},
    CpuLevel{"avx512", "x86-64", "AVX-512 with VPOPCNTDQ, VNNI, BITALG and VBMI: Ice Lake, Zen 4 and later",
             "-sse41-avx-avx2-fma-f16c-avx512-avx512_skylake-avx512_cannonlake-avx512_zen4", nullptr},
    CpuLevel{"avx2", "x86-64", "AVX2, FMA, F16C, BMI2 and LZCNT: Haswell, Zen and later",
             "-sse41-avx-avx2-fma-f16c", nullptr},
    CpuLevel{"baseline", "x86-64", "any 64-bit x86 CPU", "", nullptr},
    CpuLevel{"dotprod", "arm-64", "the dot product instructions: Cortex-A75, Neoverse N1 and later",
             "-arm_dot_prod", nullptr},
    CpuLevel{"neon", "arm-64", "any 64-bit Arm CPU", "", nullptr},
};

constexpr std::array kArchitectures = {"x86-64", "arm-64"};

std::vector<Target> make_targets() {
    std::vector<Target> targets;
    for (const char *architecture : kArchitectures) {
        std::string name = std::string(architecture) + "-linux";
        Target all{name, architecture, {}};
        for (const CpuLevel &level : kLevels) {
            if (level.architecture == all.architecture) {
                all.levels.push_back(&level);
            }
        }
        targets.push_back(all);
        for (const CpuLevel *level : all.levels) {
            targets.push_back({fmt::format("{}-{}", name, level->name), architecture, {level}});
        }
    }
    return targets;
}

}  // namespace

std::span<const CpuLevel> all_levels() { return kLevels; }

const CpuLevel &find_level(const std::string &name) {
    std::vector<std::string> known;
    for (const CpuLevel &level : kLevels) {
        if (name == level.name) {
            return level;
        }
        known.push_back(level.name);
    }
    throw CompileError(
        fmt::format("CPU level '{}' is unknown; expected one of: {}", name, fmt::join(known, ", ")));
}

bool host_runs(const CpuLevel &level) { return host_meets(cpu_requirement(level.name)); }

const CpuLevel &host_level() {
    const auto *level = std::find_if(kLevels.begin(), kLevels.end(), host_runs);
    internal_check(level != kLevels.end(), "no level fits this CPU");
    return *level;
}

Target find_target(const std::string &name) {
    const std::string wanted = name == "host" ? std::string(host_architecture()) + "-linux" : name;
    std::vector<std::string> known = {"host"};
    for (Target &target : make_targets()) {
        if (target.name == wanted) {
            return std::move(target);
        }
        known.push_back(target.name);
    }
    throw CompileError(
        fmt::format("target '{}' is unknown; expected one of: {}", name, fmt::join(known, ", ")));
}

std::vector<std::pair<std::string, std::string>> all_targets() {
    std::vector<std::pair<std::string, std::string>> result = {
        {"host", "this machine's architecture, code for every level of it"}};
    for (const Target &target : make_targets()) {
        result.emplace_back(target.name, target.levels.size() == 1
                                             ? target.levels[0]->summary
                                             : "code for every level, chosen at run time");
    }
    return result;
}

}  // namespace quantide
