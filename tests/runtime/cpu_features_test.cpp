#include "runtime/cpu_features.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <vector>

namespace quantide {
namespace {

/** The words of the line of /proc/cpuinfo that lists the features. */
std::vector<std::string> words_of_cpuinfo() {
    std::ifstream file("/proc/cpuinfo");
    for (std::string line; std::getline(file, line);) {
        if (line.starts_with("flags") || line.starts_with("Features")) {
            std::istringstream words(line);
            return {std::istream_iterator<std::string>(words), {}};
        }
    }
    return {};
}

bool kernel_lists(const std::string &flag) {
    const auto words = words_of_cpuinfo();
    return std::find(words.begin(), words.end(), flag) != words.end();
}

TEST(CpuFeatures, LowestLevelsAskForNothing) {
    for (const char *name : {"baseline", "neon"}) {
        const CpuRequirement &r = cpu_requirement(name);
        EXPECT_TRUE(r.bits.empty() && r.xcr0 == 0 && r.hwcap == 0) << name;
        EXPECT_EQ(host_meets(r), std::string(r.architecture) == host_architecture()) << name;
    }
}

TEST(CpuFeatures, UnknownLevelThrows) { EXPECT_THROW(cpu_requirement("avx9000"), std::out_of_range); }

TEST(CpuFeatures, AgreeWithTheSystem) {
    if (words_of_cpuinfo().empty()) {
        GTEST_SKIP() << "no list of features in /proc/cpuinfo";
    }
    if (std::string(host_architecture()) == "x86-64") {
        EXPECT_EQ(host_meets(cpu_requirement("avx2")),
                  kernel_lists("avx2") && kernel_lists("fma") && kernel_lists("bmi2") && kernel_lists("abm"));
        EXPECT_EQ(host_meets(cpu_requirement("avx512")), kernel_lists("avx512_vpopcntdq") &&
                                                             kernel_lists("avx512_bitalg") &&
                                                             kernel_lists("avx512vl"));
    } else {
        EXPECT_EQ(host_meets(cpu_requirement("dotprod")), kernel_lists("asimddp"));
    }
}

TEST(CpuFeatures, HigherLevelsIncludeLower) {
    const auto &high = cpu_requirement("avx512"), &low = cpu_requirement("avx2");
    EXPECT_EQ(high.xcr0 & low.xcr0, low.xcr0);
    for (const CpuidBit &b : low.bits) {
        const bool found = std::any_of(high.bits.begin(), high.bits.end(), [&](const CpuidBit &h) {
            return h.leaf == b.leaf && h.subleaf == b.subleaf && h.reg == b.reg && h.bit == b.bit;
        });
        EXPECT_TRUE(found) << b.name;
    }
}

}  // namespace
}  // namespace quantide
