#include "compiler/codegen/target.h"
#include "tests/driver/driver_process.h"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

namespace quantide {

namespace {

using testing::HasSubstr;

bool have_command(const std::string &name) {
    return std::system(("command -v " + name + " >/dev/null 2>&1").c_str()) == 0;
}

/** A trained network, made once. */
class Deploy : public testing::Test {
protected:
    static void SetUpTestSuite() {
        folder_ = std::make_unique<TemporaryFolder>();
        expect_driver(folder_->path(), "train tiny --epochs 1");
        scores_ = scores_of("--backend reference");
    }
    static void TearDownTestSuite() { folder_.reset(); }

    static std::string scores_of(const std::string &options) {
        expect_driver(folder_->path(), "eval tiny --checkpoint tiny.safetensors --scores scores " + options);
        return content_of(*folder_ / "scores");
    }

    static std::unique_ptr<TemporaryFolder> folder_;
    static std::string scores_;
};
std::unique_ptr<TemporaryFolder> Deploy::folder_;
std::string Deploy::scores_;

TEST_F(Deploy, EveryLevelOfThisMachineAgreesWithTheReference) {
    ASSERT_EQ(scores_.size(), size_t{1797} * 10 * 4);
    EXPECT_EQ(scores_of(""), scores_);
    for (const CpuLevel &level : all_levels()) {
        if (host_runs(level)) {
            EXPECT_EQ(scores_of(fmt::format("--backend jit --level {}", level.name)), scores_) << level.name;
            EXPECT_EQ(scores_of(fmt::format("--backend library --level {}", level.name)), scores_)
                << level.name;
        }
    }
    EXPECT_EQ(scores_of("--backend library"), scores_);
}

TEST_F(Deploy, ForeignLibraryAgreesWithTheReference) {
    if (!have_command("aarch64-linux-gnu-gcc") || !have_command("qemu-aarch64")) {
        GTEST_SKIP() << "needs aarch64-linux-gnu-gcc and qemu-aarch64";
    }
    EXPECT_EQ(scores_of("--backend library --target arm-64-linux"), scores_);
    EXPECT_EQ(scores_of("--backend library --target arm-64-linux --runner 'qemu-aarch64 -cpu cortex-a53'"),
              scores_);
}

TEST_F(Deploy, EvalCountsOtherSplits) {
    const auto images = [&](const std::string &split) {
        return nlohmann::json::parse(expect_driver(
            folder_->path(), "eval tiny --checkpoint tiny.safetensors --json --split " + split))["images"];
    };
    EXPECT_EQ(images("test"), 1797);
    EXPECT_EQ(images("validation"), 423);
    EXPECT_EQ(images("train"), 3400);
}

TEST_F(Deploy, CompileWritesTheTwoFiles) {
    const std::string compile = "compile tiny --checkpoint tiny.safetensors --cache-dir cache -o ";
    const std::string cold = expect_driver(folder_->path(), compile + "a/b");
    EXPECT_THAT(cold, HasSubstr("a/b/tiny.h"));
    EXPECT_THAT(cold, HasSubstr("a/b/libtiny.a"));
    const std::string warm = expect_driver(folder_->path(), compile + "warm --threads 1");
    EXPECT_THAT(warm, HasSubstr("(0 compiled"));
    for (const char *name : {"tiny.h", "libtiny.a"}) {
        EXPECT_EQ(content_of(*folder_ / "a/b/" + name), content_of(*folder_ / "warm/" + name));
    }
    expect_driver(folder_->path(), compile + "named --name mine --assembly --target x86-64-linux-baseline");
    for (const char *name : {"mine.h", "libmine.a", "mine_k0_baseline.s"}) {
        EXPECT_FALSE(content_of(*folder_ / "named/" + name).empty()) << name;
    }
    expect_driver(folder_->path(), compile + "several --target x86-64-linux,arm-64-linux,x86-64-linux");
    for (const char *target : {"x86-64-linux", "arm-64-linux"}) {
        for (const char *name : {"/tiny.h", "/libtiny.a"}) {
            EXPECT_FALSE(content_of(*folder_ / "several/" + target + name).empty()) << target << name;
        }
    }
}

TEST_F(Deploy, CompileReplacesWhatWasThere) {
    const std::string compile = "compile tiny --random --target x86-64-linux-baseline -o replaced";
    expect_driver(folder_->path(), compile);
    const std::string before = content_of(*folder_ / "replaced/libtiny.a");
    expect_driver(folder_->path(),
                  "compile tiny --checkpoint tiny.safetensors --target x86-64-linux-baseline -o replaced");
    EXPECT_NE(content_of(*folder_ / "replaced/libtiny.a"), before);
    size_t files = 0;
    for ([[maybe_unused]] const auto &entry : std::filesystem::directory_iterator(*folder_ / "replaced")) {
        ++files;
    }
    EXPECT_EQ(files, 2U);
}

}  // namespace

}  // namespace quantide
