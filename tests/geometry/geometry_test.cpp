#include "tests/geometry/program.h"

#include "compiler/codegen/target.h"
#include "runtime/cpu_features.h"
#include "runtime/parallel.h"
#include "tests/base/temporary_folder.h"
#include "tests/codegen/command.h"
#include "training/evaluator.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <algorithm>
#include <cstdio>

namespace quantide {

namespace {

constexpr size_t kProgramCases = 100;

/** Runs the programs of these cases behind each runner, on the level beside it. */
void expect_equal(std::span<const Case> cases, const std::string &target, const std::string &compiler,
                  const std::vector<std::pair<std::string, std::string>> &runners) {
    const TemporaryFolder folder;
    for (; !cases.empty(); cases = cases.subspan(std::min(cases.size(), kProgramCases))) {
        write_geometry_program(cases.first(std::min(cases.size(), kProgramCases)), target, compiler,
                               folder.path());
        for (const auto &[runner, level] : runners) {
            const std::string found =
                expect_runs(fmt::format("cd {} && {} ./program data", folder.path(), runner));
            EXPECT_THAT(found, testing::StartsWith("level " + level + ": 0 of "));
            fmt::print("{}", found);
            std::fflush(stdout);
        }
    }
}

/** Every so many-th case from the first on; all of them if test_all(). */
std::vector<Case> share(const std::vector<Case> &cases, size_t first, size_t step) {
    if (test_all()) {
        return cases;
    }
    std::vector<Case> result;
    for (size_t i = first; i < cases.size(); i += step) {
        result.push_back(cases[i]);
    }
    return result;
}

std::vector<const CpuLevel *> levels_of_this_machine() {
    std::vector<const CpuLevel *> result;
    for (const CpuLevel *level : find_target("host").levels) {
        if (host_runs(*level)) {
            result.push_back(level);
        }
    }
    return result;
}

void expect_equal_here(std::span<const Case> cases, const CpuLevel &level) {
    expect_equal(cases, fmt::format("{}-linux-{}", host_architecture(), level.name), "gcc",
                 {{"", level.name}});
}

void expect_equal_on_arm(std::span<const Case> cases) {
    if (!have_command("aarch64-linux-gnu-gcc") || !have_command("qemu-aarch64")) {
        GTEST_SKIP() << "needs aarch64-linux-gnu-gcc and qemu-aarch64";
    }
    expect_equal(cases, "arm-64-linux", "aarch64-linux-gnu-gcc -static",
                 {{"qemu-aarch64 -cpu cortex-a53", "neon"}, {"qemu-aarch64 -cpu max", "dotprod"}});
}

TEST(Geometry, LevelsOfThisMachineEqualTheInterpreterBitForBit) {
    for (const CpuLevel *level : levels_of_this_machine()) {
        expect_equal_here(geometry_cases(), *level);
    }
}

TEST(Geometry, EmulatedArmEqualsTheInterpreterBitForBit) { expect_equal_on_arm(geometry_cases()); }

// In ordinary runs the levels take turns.
TEST(Pairs, LevelsOfThisMachineEqualTheInterpreterBitForBit) {
    const std::vector<const CpuLevel *> levels = levels_of_this_machine();
    for (size_t i = 0; i < levels.size(); ++i) {
        expect_equal_here(share(quantizer_pairs(), i, levels.size()), *levels[i]);
    }
}

TEST(Pairs, EmulatedArmEqualsTheInterpreterBitForBit) { expect_equal_on_arm(share(quantizer_pairs(), 0, 2)); }

TEST(Pairs, EvaluatorEqualsTheInterpreterBitForBit) {
    const std::vector<Case> cases = share(quantizer_pairs(), 1, 4);
    std::vector<Array> found(cases.size());
    parallel_for(cases.size(), 0, [&](size_t i) {
        JitOptions options;
        options.compile_threads = 1;
        found[i] = Evaluator(cases[i].network, cases[i].parameters, options).run(cases[i].input);
    });
    for (size_t i = 0; i < cases.size(); ++i) {
        EXPECT_TRUE(found[i] == cases[i].expected) << cases[i].text;
    }
}

}  // namespace

}  // namespace quantide
