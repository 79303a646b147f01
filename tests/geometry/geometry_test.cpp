#include "tests/geometry/program.h"

#include "compiler/codegen/target.h"
#include "runtime/cpu_features.h"
#include "tests/base/temporary_folder.h"
#include "tests/codegen/command.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

namespace quantide {

namespace {

/** Runs the program of every case behind each runner, on the level beside it. */
void expect_equal(const std::string &target, const std::string &compiler,
                  const std::vector<std::pair<std::string, std::string>> &runners) {
    const TemporaryFolder folder;
    write_geometry_program(target, compiler, folder.path());
    for (const auto &[runner, level] : runners) {
        const std::string found =
            expect_runs(fmt::format("cd {} && {} ./program data", folder.path(), runner));
        EXPECT_THAT(found, testing::StartsWith("level " + level + ": 0 of "));
    }
}

TEST(Geometry, LevelsOfThisMachineEqualTheInterpreterBitForBit) {
    for (const CpuLevel *level : find_target("host").levels) {
        if (host_runs(*level)) {
            expect_equal(fmt::format("{}-linux-{}", host_architecture(), level->name), "gcc",
                         {{"", level->name}});
        }
    }
}

TEST(Geometry, EmulatedArmEqualsTheInterpreterBitForBit) {
    if (!have_command("aarch64-linux-gnu-gcc") || !have_command("qemu-aarch64")) {
        GTEST_SKIP() << "needs aarch64-linux-gnu-gcc and qemu-aarch64";
    }
    expect_equal("arm-64-linux", "aarch64-linux-gnu-gcc -static",
                 {{"qemu-aarch64 -cpu cortex-a53", "neon"}, {"qemu-aarch64 -cpu max", "dotprod"}});
}

}  // namespace

}  // namespace quantide
