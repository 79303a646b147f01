#include "compiler/codegen/target.h"

#include "compiler/base/error.h"
#include "runtime/cpu_features.h"

#include <gmock/gmock.h>

#include <Halide.h>

namespace quantide {
namespace {

using testing::HasSubstr;

template<typename Call>
std::string error_of(const Call &call) {
    try {
        call();
    } catch (const CompileError &e) {
        return e.what();
    }
    return "";
}

TEST(Target, EachNameIsFound) {
    for (const auto &[name, summary] : all_targets()) {
        const Target target = find_target(name);
        ASSERT_FALSE(target.levels.empty()) << name;
        EXPECT_FALSE(summary.empty()) << name;
        for (const CpuLevel *level : target.levels) {
            EXPECT_EQ(level->architecture, target.architecture) << name;
        }
        if (name != "host") {
            EXPECT_EQ(target.name, name);
        }
    }
}

TEST(Target, HostIsThisArchitectureWithAllItsLevels) {
    const Target host = find_target("host");
    EXPECT_EQ(host.name, std::string(host_architecture()) + "-linux");
    EXPECT_GT(host.levels.size(), 1U);
}

TEST(Target, LevelsAreHighestFirst) {
    const Target target = find_target("x86-64-linux");
    ASSERT_EQ(target.levels.size(), 4U);
    EXPECT_STREQ(target.levels[0]->name, "amx");
    EXPECT_STREQ(target.levels[1]->name, "avx512");
    EXPECT_STREQ(target.levels[2]->name, "avx2");
    EXPECT_STREQ(target.levels[3]->name, "baseline");
}

TEST(Target, OneLevel) {
    const Target target = find_target("arm-64-linux-dotprod");
    ASSERT_EQ(target.levels.size(), 1U);
    EXPECT_EQ(target.levels[0], &find_level("dotprod"));
}

TEST(Target, UnknownNamesListTheKnown) {
    EXPECT_THAT(error_of([] { find_target("sparc"); }),
                testing::AllOf(HasSubstr("'sparc'"), HasSubstr("arm-64-linux-neon")));
    EXPECT_THAT(error_of([] { find_target(""); }), HasSubstr("host"));
    EXPECT_THAT(error_of([] { find_level("mmx"); }), testing::AllOf(HasSubstr("'mmx'"), HasSubstr("avx512")));
}

TEST(Target, EveryLevelHasARequirementAndFeaturesThatHalideKnows) {
    for (const CpuLevel &level : all_levels()) {
        EXPECT_STREQ(cpu_requirement(level.name).architecture, level.architecture);
        EXPECT_TRUE(Halide::Target::validate_target_string(std::string(level.architecture) + "-linux" +
                                                           level.features))
            << level.name;
    }
}

TEST(Target, HostRunsItsLevelAndTheLowest) {
    EXPECT_TRUE(host_runs(host_level()));
    EXPECT_TRUE(host_runs(*find_target("host").levels.back()));
    EXPECT_FALSE(host_runs(find_level(std::string(host_architecture()) == "x86-64" ? "neon" : "baseline")));
}

}  // namespace
}  // namespace quantide
