#include "tests/driver/driver_process.h"

#include <gmock/gmock.h>
#include <signal.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <random>
#include <regex>
#include <thread>

namespace quantide {

namespace {

using testing::HasSubstr;

/** A log without its last column. */
std::string without_seconds(const std::string &log) {
    return std::regex_replace(log, std::regex(",[^,\n]*\n"), "\n");
}

TEST(Train, ReportsAndFinishes) {
    const TemporaryFolder folder;
    const DriverResult first = run_driver_in(folder.path(), "train tiny --json");
    ASSERT_EQ(first.status, 0) << first.err;
    const nlohmann::json json = nlohmann::json::parse(first.out);
    EXPECT_LT(json["test_error"], 0.3);
    EXPECT_EQ(json["epochs"], 3);
    EXPECT_EQ(json["checkpoint"], "tiny.safetensors");
    for (const char *text :
         {"compiling the training step: ", " kernels", "epoch 1/3", "epoch 3/3", "validation error"}) {
        EXPECT_THAT(first.err, HasSubstr(text));
    }
    EXPECT_THAT(first.err, testing::Not(HasSubstr("\033"))) << "bars are for terminals";

    const std::string content = content_of(folder / "tiny.safetensors");
    const DriverResult again = run_driver_in(folder.path(), "train tiny --json");
    EXPECT_THAT(again.err, HasSubstr("found 3 of 3 epochs, nothing is left to train"));
    EXPECT_EQ(nlohmann::json::parse(again.out)["test_error"], json["test_error"]);
    EXPECT_EQ(content_of(folder / "tiny.safetensors"), content);
    EXPECT_THAT(run_driver_in(folder.path(), "train tiny --epochs 4").err, HasSubstr("--restart"));

    // The log and the picture lie beside, and --log and --plot say where else.
    EXPECT_EQ(json["log"], "tiny.csv");
    EXPECT_EQ(json["plot"], "tiny.svg");
    const std::string log = content_of(folder / "tiny.csv");
    EXPECT_TRUE(log.starts_with("epoch,steps,loss,validation_error,learning_rate,seconds\n1,68,")) << log;
    EXPECT_EQ(std::count(log.begin(), log.end(), '\n'), 4) << log;
    EXPECT_TRUE(content_of(folder / "tiny.svg").starts_with("<svg "));
    expect_driver(folder.path(), "train tiny --log other.csv --plot other.svg");
    EXPECT_EQ(without_seconds(content_of(folder / "other.csv")), without_seconds(log));
    EXPECT_EQ(content_of(folder / "other.svg"), content_of(folder / "tiny.svg"));
    EXPECT_EQ(content_of(folder / "tiny.csv"), log);

    // What training says and what evaluation says is the same number.
    EXPECT_EQ(nlohmann::json::parse(
                  expect_driver(folder.path(), "eval tiny --json --checkpoint tiny.safetensors"))["error"],
              json["test_error"]);
}

TEST(Train, SameBitsForAnyNumberOfThreads) {
    const TemporaryFolder folder;
    for (const char *threads : {"1", "2", "3"}) {
        expect_driver(folder.path(),
                      fmt::format("train tiny --seed 5 --threads {0} --checkpoint {0}", threads));
    }
    EXPECT_EQ(content_of(folder / "1"), content_of(folder / "2"));
    EXPECT_EQ(content_of(folder / "1"), content_of(folder / "3"));
}

/** Starts the command line and kills it after a while; true if it was killed before it ended. */
bool run_and_kill(const std::string &folder, const std::string &arguments, int milliseconds) {
    const pid_t child = ::fork();
    if (child == 0) {
        const std::string command =
            fmt::format("cd {} && exec {} >/dev/null 2>&1", shell_quote(folder), driver_command(arguments));
        ::execl("/bin/sh", "sh", "-c", command.c_str(), nullptr);
        ::_exit(127);
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds));
    ::kill(child, SIGKILL);
    int status = 0;
    ::waitpid(child, &status, 0);
    return WIFSIGNALED(status);
}

TEST(Train, KilledRunsEndWithTheSameBits) {
    const TemporaryFolder folder;
    const std::string train = "train tiny --epochs 30 --checkpoint ";
    const auto start = std::chrono::steady_clock::now();
    expect_driver(folder.path(), train + "whole");
    const std::chrono::duration<double, std::milli> whole = std::chrono::steady_clock::now() - start;

    const unsigned seed = std::random_device()();
    SCOPED_TRACE(fmt::format("seed {}", seed));
    std::mt19937 random(seed);
    int kills = 0;
    std::uniform_real_distribution<double> share(0.4, 1);  // before that, runs only compile
    for (int i = 0; i < 4; ++i) {
        const int milliseconds = static_cast<int>(share(random) * whole.count());
        kills += run_and_kill(folder.path(), train + "killed", milliseconds) ? 1 : 0;
    }
    RecordProperty("kills", kills);
    expect_driver(folder.path(), train + "killed");
    EXPECT_EQ(content_of(folder / "killed"), content_of(folder / "whole"));
    EXPECT_EQ(without_seconds(content_of(folder / "killed.csv")),
              without_seconds(content_of(folder / "whole.csv")));
}

}  // namespace

}  // namespace quantide
