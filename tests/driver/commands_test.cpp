#include "compiler/base/file.h"
#include "compiler/codegen/target_rates.h"
#include "compiler/driver/command.h"
#include "compiler/driver/limit_loop.h"
#include "compiler/driver/measure.h"
#include "compiler/driver/text.h"
#include "compiler/passes/pass.h"
#include "runtime/cpu_features.h"
#include "schedules/schedule.h"
#include "tests/driver/driver_process.h"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

namespace quantide {

namespace {

using testing::AllOf;
using testing::Contains;
using testing::ContainsRegex;
using testing::Gt;
using testing::HasSubstr;
using testing::Not;
using testing::SizeIs;

TEST(Commands, HelpTeaches) {
    const TemporaryFolder folder;
    const std::string all = expect_driver(folder.path(), "--help");
    for (const Command &command : all_commands()) {
        EXPECT_THAT(all, HasSubstr(command.name));
        const std::string help = expect_driver(folder.path(), std::string(command.name) + " --help");
        EXPECT_THAT(help, HasSubstr(command.summary));
        EXPECT_THAT(help, HasSubstr("Examples:"));
    }
    EXPECT_THAT(expect_driver(folder.path(), "--version"), HasSubstr("quantide "));
}

TEST(Commands, ListsEveryTable) {
    const TemporaryFolder folder;
    const std::string all = expect_driver(folder.path(), "list");
    for (const char *row :
         {"tiny", "untrainable", "sign", "integer_dense", "fold_thresholds", "arm-64-linux", "optdigits"}) {
        EXPECT_THAT(all, HasSubstr(row));
    }
    EXPECT_THAT(expect_driver(folder.path(), "list networks"), testing::Not(HasSubstr("integer_dense")));
}

TEST(Commands, InspectPrintsWhatParses) {
    const TemporaryFolder folder;
    for (const bool training : {false, true}) {
        for (const Pass &pass : training ? training_passes() : deployment_passes()) {
            const std::string text = expect_driver(
                folder.path(),
                fmt::format("inspect tiny {} --after {}", training ? "--training" : "", pass.name));
            EXPECT_EQ(print(parse(text)), text) << pass.name;
        }
    }
}

TEST(Commands, InspectShowsLayers) {
    const TemporaryFolder folder;
    const std::string table = expect_driver(folder.path(), "inspect tiny --target x86-64-linux");
    for (const char *text :
         {"dense1", "integer_dense + threshold", "vpopcntd", "vpshufb", "baseline", "dense/w1a8", "estimated",
          "a product reads all of its input many times", "arena: ", "peak: "}) {
        EXPECT_THAT(table, HasSubstr(text));
    }
    EXPECT_THAT(expect_driver(folder.path(), "inspect tiny --target arm-64-linux"), HasSubstr("cnt"));
    const std::string training =
        expect_driver(folder.path(), "inspect tiny --training --target x86-64-linux");
    for (const char *text : {"dense/w1a8", "popcount", "avx512", "elementwise", "weight_update/a1"}) {
        EXPECT_THAT(training, HasSubstr(text));
    }
}

TEST(Commands, EveryArithmeticHasAShippedRate) {
    int rows = 0;
    for (const CpuLevel &level : all_levels()) {
        const Halide::Target target(std::string(level.architecture) + "-linux" + level.features);
        for (const Schedule &row : all_schedules()) {
            if (*row.arithmetic != 0 && has_schedule(row.family, target) &&
                &find_schedule(row.family, target) == &row) {
                EXPECT_GT(rate_of(level, row.arithmetic).value_or(0), 0)
                    << level.name << ", " << row.arithmetic;
                ++rows;
            }
        }
        for (const std::string &arithmetic : limited_arithmetics(level)) {
            EXPECT_TRUE(rate_of(level, arithmetic)) << level.name << ", " << arithmetic;
        }
    }
    EXPECT_GT(rows, 30);
    EXPECT_FALSE(rate_of(host_level(), "no such arithmetic"));
}

TEST(Commands, BenchReports) {
    const TemporaryFolder folder;
    const auto report = [&](const std::string &arguments) {
        expect_driver(folder.path(), "bench " + arguments + " --rounds 1 --json report");
        return nlohmann::json::parse(content_of(folder / "report"));
    };
    const nlohmann::json network = report("tiny --batch 3");
    EXPECT_EQ(network["machine"]["level"], host_level().name);
    EXPECT_EQ(network["results"][0]["name"], "network/batch3");
    EXPECT_EQ(network["results"][1]["name"], "layer/dense1/batch3");
    EXPECT_GT(network["results"][0]["gops"], 0);
    EXPECT_GT(network["results"][0]["baselines"]["float32"], 0);
    EXPECT_EQ(report("tiny --train")["results"][0]["name"], "step/batch50");

    const nlohmann::json kernels = report("kernels --filter 'dense/w1a1/m1_n512_'");
    ASSERT_GE(kernels["results"].size(), 1U);
    for (const nlohmann::json &row : kernels["results"]) {
        EXPECT_TRUE(row["name"].get<std::string>().starts_with("dense/w1a1/m1_n512_k512/"));
        EXPECT_GT(row["limit_gops"], 0);
        EXPECT_NEAR(row["fraction"].get<double>(),
                    row["gops"].get<double>() / row["limit_gops"].get<double>(), 1e-9);
    }
    // A convolution, and five of them with their results packed between them, count all their products.
    const nlohmann::json images =
        report("kernels --filter 'w1a1/k3_c512_n512_7x7' --level " + std::string(host_level().name));
    ASSERT_EQ(images["results"].size(), 2U);
    for (const auto &[row, name, layers] : {std::tuple{0, "conv2d", 1}, std::tuple{1, "chain5", 5}}) {
        const nlohmann::json &result = images["results"][static_cast<size_t>(row)];
        EXPECT_EQ(result["name"],
                  fmt::format("{}/w1a1/k3_c512_n512_7x7/{}/popcount", name, host_level().name));
        EXPECT_NEAR(result["gops"].get<double>() * result["seconds"].get<double>(),
                    layers * 2e-9 * 9 * 512 * 512 * 49, 1e-9);
    }
    // By every arithmetic that a layer can have: the second has signs on both sides.
    const nlohmann::json all = report("tiny --batch 3 --all-arithmetic");
    std::vector<std::string> names;
    for (const nlohmann::json &row : all["results"]) {
        names.push_back(row["name"]);
    }
    EXPECT_THAT(names, AllOf(Contains("layer/dense2/batch3/popcount"), SizeIs(Gt(2U))));
    // Levels that the machine lacks are named, not measured.
    int levels = 0;
    for (const CpuLevel &level : all_levels()) {
        levels += level.architecture == std::string(host_architecture()) ? 1 : 0;
    }
    EXPECT_EQ(kernels["results"].size() + kernels["skipped"].size(), static_cast<size_t>(levels));
}

TEST(Commands, RatesOfAMachineAreWrittenAndChosenBy) {
    const TemporaryFolder folder;
    const std::string level = host_level().name;
    expect_driver(folder.path(), "bench machine --rounds 1 --level " + level + " -o machine.txt");
    const Machine machine = parse_machine(content_of(folder / "machine.txt"), "machine.txt");
    EXPECT_GT(machine.at(level).at("popcount"), 0);
    const auto choices = [&](const std::string &popcount) {
        write_file(folder / "mine.txt", level + " " + popcount + " popcount\n");
        return expect_driver(folder.path(), "inspect tiny --machine mine.txt --target x86-64-linux-" + level);
    };
    if (host_architecture() == std::string("x86-64")) {
        EXPECT_THAT(choices("1000000"), ContainsRegex("dense2 +" + level + " +any +popcount"));
        EXPECT_THAT(choices("1"), Not(ContainsRegex("dense2 +" + level + " +any +popcount")));
    }
}

TEST(Text, Tables) {
    EXPECT_EQ(format_table({{"name", "n"}, {"a", "1"}, {"long", "23"}}), "name   n\na      1\nlong  23\n");
    EXPECT_EQ(format_seconds(1.234e-5), "12.3 us");
    EXPECT_EQ(format_seconds(2.5e-9), "2.50 ns");
    EXPECT_EQ(format_seconds(-1.234e-5), "-12.3 us");
    EXPECT_EQ(format_duration(59.6), "1 min 00 s");
    EXPECT_EQ(format_duration(7320), "2 h 02 min");
    EXPECT_EQ(format_bytes(999), "999 B");
    EXPECT_EQ(format_bytes(4567890), "4.57 MB");
    EXPECT_EQ(format_percent(0.0194), "1.94 %");
}

TEST(Measure, EveryContenderWorksInEveryRound) {
    std::vector<double> parts = {0, 0};
    const auto spin = [&] {
        volatile int x = 0;
        for (int i = 0; i < 1000; ++i) {
            x = x + i;
        }
        parts[0] += 1;
        parts[1] += 3;
    };
    const Contender contenders[] = {{spin, nullptr}, {spin, &parts}};
    const std::vector<Measurement> measured = measure(contenders, 5);
    ASSERT_EQ(measured.size(), 2U);
    EXPECT_LE(measured[0].low, measured[0].seconds);
    EXPECT_GE(measured[0].high, measured[0].seconds);
    EXPECT_EQ(measured[1].parts, (std::vector<double>{1, 3}));
}

TEST(Measure, DifferencesAreOfRounds) {
    const Measurement a{.samples = {5, 100, 7}}, b{.samples = {3, 1, 8}};
    EXPECT_EQ(difference(a, b).seconds, 2);
    EXPECT_EQ(difference(b, a).seconds, -2);
    EXPECT_EQ(difference(b, a).low, -99);
    EXPECT_EQ(difference(b, a).high, 1);
}

}  // namespace

}  // namespace quantide
