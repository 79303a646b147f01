#include "tests/driver/driver_process.h"

#include "compiler/codegen/target.h"
#include "runtime/cpu_features.h"

#include <gmock/gmock.h>

#include <fstream>
#include <limits>

namespace quantide {

namespace {

using testing::HasSubstr;

constexpr int kFailed = 1, kIncomplete = 2;

/** Every file below a folder and what it holds. */
std::map<std::string, std::string> snapshot(const TemporaryFolder &folder) {
    std::map<std::string, std::string> result;
    for (const auto &entry : std::filesystem::recursive_directory_iterator(folder.path())) {
        result[entry.path().string()] = entry.is_regular_file() ? content_of(entry.path().string()) : "";
    }
    return result;
}

/** Expects one line on stderr that has the fragments in it, nothing on stdout and no change in `folder`. */
void expect_refused(const TemporaryFolder &folder, const std::string &arguments, int status,
                    std::initializer_list<const char *> fragments, const std::string &before = ":") {
    const auto present = snapshot(folder);
    const DriverResult result = run_driver_in(folder.path(), arguments, before);
    SCOPED_TRACE(arguments + "\n" + result.err);
    EXPECT_EQ(result.status, status);
    EXPECT_EQ(result.out, "");
    EXPECT_TRUE(result.err.starts_with("quantide: error: "));
    EXPECT_EQ(std::count(result.err.begin(), result.err.end(), '\n'), 1);
    for (const char *fragment : fragments) {
        EXPECT_THAT(result.err, HasSubstr(fragment));
    }
    EXPECT_EQ(snapshot(folder), present);
}

TEST(BadInput, Names) {
    const TemporaryFolder folder;
    write_initial_checkpoint(folder / "tiny.st", "tiny");
    expect_refused(folder, "frobnicate", kFailed, {"frobnicate", "train, eval, compile"});
    expect_refused(folder, "list --frobnicate", kFailed, {"--frobnicate", "list --help"});
    expect_refused(folder, "list nothing", kFailed, {"nothing", "networks, quantizers"});
    expect_refused(folder, "train nobody", kFailed,
                   {"nobody", "other, tiny, tiny_drawn, tiny_images, untrainable"});
    expect_refused(folder, "train untrainable", kFailed, {"untrainable", "recipe"});
    expect_refused(folder, "eval nobody --checkpoint tiny.st", kFailed, {"nobody"});
    expect_refused(folder, "eval tiny --checkpoint tiny.st --backend abacus", kFailed,
                   {"abacus", "reference, jit, library"});
    expect_refused(folder, "eval tiny --checkpoint tiny.st --split all", kFailed,
                   {"all", "test, validation, train"});
    expect_refused(folder, "eval tiny --checkpoint tiny.st --level mmx", kFailed, {"mmx", "avx2"});
    expect_refused(folder, "eval tiny --checkpoint tiny.st --backend library --target pdp11", kFailed,
                   {"pdp11", "host"});
    expect_refused(folder, "eval tiny --checkpoint tiny.st --backend library --cc no-such-compiler", kFailed,
                   {"no-such-compiler"});
    expect_refused(folder, "compile tiny --random -o out --target pdp11", kFailed, {"pdp11", "x86-64-linux"});
    expect_refused(folder, "compile tiny --random -o out --name 2nd", kFailed, {"2nd", "letters"});
    expect_refused(folder, "compile tiny -o out", kFailed, {"--checkpoint", "--random", "neither"});
    expect_refused(folder, "inspect tiny --after lunch", kFailed, {"lunch", "freeze", "fuse"});
    expect_refused(folder, "inspect tiny --after differentiate", kFailed,
                   {"differentiate", "freeze", "with --training"});
    expect_refused(folder, "inspect tiny --after freeze --training", kFailed,
                   {"freeze", "differentiate", "without --training"});
    expect_refused(folder, "inspect tiny --after fuse --target pdp11", kFailed, {"pdp11", "host"});
    expect_refused(folder, "bench nobody", kFailed, {"nobody"});
    expect_refused(folder, "bench kernels --filter '('", kFailed, {"--filter", "regular expression"});
}

TEST(BadInput, Values) {
    const TemporaryFolder folder;
    expect_refused(folder, "train tiny --batch 100000", kFailed, {"tiny", "100000", "3400"});
    for (const char *value : {"0", "-1", "1e3", "1x", "010", "99999999999999999999"}) {
        for (const char *option : {"train tiny --epochs ", "train tiny --batch ", "bench tiny --batch ",
                                   "bench tiny --batch 1,", "bench tiny --rounds "}) {
            expect_refused(folder, std::string(option) + value, kFailed,
                           {"expected a whole number", "found '"});
        }
    }
    for (const char *value : {"-1", "many", "99999999999999999999"}) {
        expect_refused(folder, fmt::format("train tiny --seed {}", value), kFailed,
                       {"--seed: expected a whole number from 0", value});
        expect_refused(folder, fmt::format("train tiny --threads {}", value), kFailed,
                       {"--threads: expected a whole number from 0", value});
    }
    for (const char *value : {"-1", "0", "nan", "inf", "fast", "1e-3x"}) {
        expect_refused(folder, fmt::format("train tiny --learning-rate {}", value), kFailed,
                       {"--learning-rate: expected a number above 0", value});
    }
    expect_refused(folder, "train tiny --restart=maybe", kFailed, {"--restart"});
}

TEST(BadInput, LogsThatAreNone) {
    const TemporaryFolder folder;
    folder.add("notes.txt", "what must not get lost\n");
    expect_refused(folder, "train tiny --log notes.txt", kFailed, {"notes.txt", "training log"});
    expect_refused(folder, "train tiny --log nowhere/log.csv", kFailed, {"nowhere"});
    expect_refused(folder, "train tiny --plot nowhere/plot.svg", kFailed, {"nowhere"});
}

TEST(BadInput, IncompleteLines) {
    const TemporaryFolder folder;
    expect_refused(folder, "", kIncomplete, {"COMMAND", "train, eval, compile", "--help"});
    expect_refused(folder, "train", kIncomplete, {"NET", "train --help"});
    expect_refused(folder, "eval tiny", kIncomplete, {"--checkpoint"});
    expect_refused(folder, "train tiny --epochs", kIncomplete, {"--epochs: expected a value"});
}

TEST(BadInput, EmptyTexts) {
    const TemporaryFolder folder;
    expect_refused(folder, "compile tiny --random -o ''", kFailed, {"--output", "''"});
    expect_refused(folder, "train tiny --checkpoint ''", kFailed, {"--checkpoint", "''"});
    expect_refused(folder, "eval tiny --checkpoint ''", kFailed, {"--checkpoint", "''"});
    expect_refused(folder, "bench tiny --batch ''", kFailed, {"--batch", "''"});
    expect_refused(folder, "bench machine --json ''", kFailed, {"--json", "''"});
    expect_refused(folder, "list ''", kFailed, {"WHAT", "''"});
}

TEST(BadInput, OptionsThatWouldMeanNothing) {
    const TemporaryFolder folder;
    write_initial_checkpoint(folder / "tiny.st", "tiny");
    const std::string eval = "eval tiny --checkpoint tiny.st ";
    expect_refused(folder, eval + "--target arm-64-linux", kFailed,
                   {"--target arm-64-linux", "--backend library", "--backend jit"});
    expect_refused(folder, eval + "--cc cc", kFailed, {"--cc", "--backend library"});
    expect_refused(folder, eval + "--runner env", kFailed, {"--runner", "--backend library"});
    expect_refused(folder, eval + "--backend reference --level baseline", kFailed,
                   {"--level baseline", "--backend jit", "--backend reference"});
    expect_refused(folder, "inspect tiny --last", kFailed, {"--last", "--checkpoint"});
    expect_refused(folder, "inspect tiny --training --checkpoint tiny.st", kFailed,
                   {"--checkpoint", "--training"});
    expect_refused(folder, "compile tiny --random -o out --no-cache --cache-dir cache", kFailed,
                   {"--no-cache", "--cache-dir"});
    for (const char *line : {"tiny --filter a", "machine --filter a", "kernels --batch 1",
                             "tiny --train --batch 1", "kernels --checkpoint tiny.st", "machine --threads 2",
                             "tiny --train --level baseline", "kernels --train"}) {
        expect_refused(folder, std::string("bench ") + line, kFailed, {"expected it with", "found it with"});
    }
}

TEST(BadInput, BenchesThatMeasureNothing) {
    const TemporaryFolder folder;
    expect_refused(folder, "bench kernels --filter zzz", kFailed, {"--filter", "'zzz'"});
    for (const CpuLevel &level : all_levels()) {
        if (!host_runs(level)) {
            for (const char *what : {"tiny", "kernels", "machine"}) {
                expect_refused(folder, fmt::format("bench {} --level {}", what, level.name), kFailed,
                               {level.name, "lacks"});
            }
        }
    }
}

/** A safetensors file with this header length and header. */
std::string tensors_file(uint64_t length, const std::string &header) {
    return std::string(reinterpret_cast<const char *>(&length), sizeof length) + header;
}

TEST(BadInput, Checkpoints) {
    const TemporaryFolder folder;
    write_initial_checkpoint(folder / "good", "tiny");
    write_initial_checkpoint(folder / "other", "other");
    const std::string good = content_of(folder / "good");
    folder.add("empty", "");
    folder.add("truncated", good.substr(0, good.size() - 1));
    std::string with_nan = good;
    const uint32_t nan = 0x7fc00000;
    with_nan.replace(with_nan.size() - 4, 4, reinterpret_cast<const char *>(&nan), 4);
    folder.add("nan", with_nan);
    folder.add("long", tensors_file(uint64_t{1} << 40, "{}"));
    folder.add("huge", tensors_file((uint64_t{1} << 63) - 8, "{}"));
    const std::string lie =
        R"({"dense1.weight":{"dtype":"F32","shape":[9223372036854775807,2],"data_offsets":[0,8]}})";
    folder.add("lie", tensors_file(lie.size(), lie) + std::string(8, '\0'));
    std::filesystem::create_directory(folder / "folder");

    for (const char *command : {"eval tiny --checkpoint ", "compile tiny -o out --checkpoint ",
                                "train tiny --checkpoint ", "inspect tiny --checkpoint "}) {
        for (const char *name : {"empty", "truncated", "nan", "long", "huge", "lie", "folder"}) {
            expect_refused(folder, std::string(command) + name, kFailed, {name});
        }
        expect_refused(folder, std::string(command) + "other", kFailed, {"other", "tiny"});
    }
    expect_refused(folder, "eval tiny --checkpoint absent", kFailed, {"absent"});
    expect_refused(folder, "train tiny --checkpoint absent/file", kFailed, {"absent"});
    // Parameters alone evaluate, but are no run to go on with.
    expect_refused(folder, "train tiny --seed 2 --checkpoint good", kFailed, {"good"});
}

TEST(BadInput, Data) {
    const TemporaryFolder folder;
    std::filesystem::create_directory(folder / "data");
    expect_refused(folder, "train tiny --data absent", kFailed, {"absent"});
    expect_refused(folder, "train tiny --data data", kFailed, {"data"});
    std::ofstream(folder / "data/optdigits.tra") << "0,1,2\n";
    expect_refused(folder, "train tiny --data data", kFailed, {"data/optdigits.tra", "3"});
}

TEST(BadInput, OutputFolders) {
    const TemporaryFolder folder;
    folder.add("file", "content");
    write_initial_checkpoint(folder / "tiny.st", "tiny");
    const std::string compile = "compile tiny --random --no-cache --target x86-64-linux-baseline -o ";
    expect_refused(folder, compile + "file", kFailed, {"file"});
    expect_refused(folder, compile + "file/out", kFailed, {"file"});
    expect_refused(folder, compile + "/proc/out", kFailed, {"/proc/out"});
    expect_refused(folder, "eval tiny --checkpoint tiny.st --scores absent/scores", kFailed, {"absent"});
    expect_refused(folder, "bench machine --json absent/report", kFailed, {"absent"});
    expect_refused(folder, "eval tiny --checkpoint tiny.st --backend library", kFailed,
                   {"/absent: cannot make a temporary folder", "TMPDIR"}, "export TMPDIR=/absent");
    // A disk that is full after 4 kB: the header would fit, the archive does not.
    const std::string cached = "compile tiny --random --cache-dir cache --target x86-64-linux-baseline -o ";
    const std::string full = "trap '' XFSZ; ulimit -f 8";
    expect_driver(folder.path(), cached + "warm");
    expect_refused(folder, cached + "new/out", kFailed, {"new/out/libtiny.a: cannot write"}, full);
    expect_refused(folder, compile + "new/out", kFailed, {"compiled code", "ulimit -f", "found a limit of"},
                   full);
    const DriverResult training =
        run_driver_in(folder.path(), "train tiny --epochs 1 --checkpoint small", full);
    EXPECT_EQ(training.status, kFailed);
    //     // On Intel's AVX-512 CPUs kernels become files before they run, which fails first.
    const bool kernels_in_files = host_runs(find_level("avx512")) && !host_has_sse4a();
    EXPECT_THAT(training.err, HasSubstr(kernels_in_files ? "quantide: error: compiled code: expected files of"
                                                         : "quantide: error: small: cannot write"));
    EXPECT_FALSE(std::filesystem::exists(folder / "small"));
    const DriverResult listing = run_driver_in(folder.path(), "list >/dev/full");
    EXPECT_EQ(listing.status, kFailed);
    EXPECT_EQ(listing.err, "quantide: error: stdout: cannot write: No space left on device\n");
}

TEST(BadInput, CacheThatKeepsNothing) {
    const TemporaryFolder folder;
    folder.add("file", "content");
    const DriverResult result = run_driver_in(
        folder.path(), "compile tiny --random --cache-dir file --target x86-64-linux-baseline -o out");
    EXPECT_EQ(result.status, 0);
    EXPECT_TRUE(result.err.starts_with("quantide: warning: compiled kernels are not kept: file"));
    EXPECT_EQ(std::count(result.err.begin(), result.err.end(), '\n'), 1);
}

TEST(BadInput, CopiesOfACheckpoint) {
    const TemporaryFolder folder;
    const Graph network = find_network("tiny").graph();
    Checkpoint checkpoint;
    checkpoint.network = "tiny";
    checkpoint.parameters = initial_parameters(network, 7);
    checkpoint.best = initial_parameters(network, 8);
    checkpoint.epoch = 20;
    checkpoint.best_epoch = 17;
    save_checkpoint(folder / "both", checkpoint);
    const std::string eval = "eval tiny --backend reference --scores scores --checkpoint ";
    const DriverResult best = run_driver_in(folder.path(), eval + "both");
    EXPECT_THAT(
        best.err,
        testing::StartsWith("both: parameters of the best epoch 17 of 20; --last takes those of the last\n"));
    const std::string best_scores = content_of(folder / "scores");
    EXPECT_THAT(run_driver_in(folder.path(), eval + "both --last").err,
                testing::StartsWith("both: parameters of the last epoch 20\n"));
    const std::string last_scores = content_of(folder / "scores");
    write_initial_checkpoint(folder / "one", "tiny");
    EXPECT_THAT(run_driver_in(folder.path(), eval + "one").err, testing::Not(HasSubstr("parameters of")));
    EXPECT_EQ(content_of(folder / "scores"), last_scores);
    EXPECT_NE(best_scores, last_scores);

    std::filesystem::remove(folder / "scores");
    checkpoint.parameters["dense1.weight"].floats()[5] = std::numeric_limits<float>::quiet_NaN();
    save_checkpoint(folder / "nan", checkpoint);
    for (const char *last : {"", " --last"}) {
        expect_refused(folder, eval + "nan" + last, kFailed, {"nan", "dense1.weight", "finite"});
    }
}

TEST(BadInput, LockedFolders) {
    if (::geteuid() == 0) {
        GTEST_SKIP() << "as root every folder can be written";
    }
    const TemporaryFolder folder;
    std::filesystem::create_directory(folder / "locked");
    std::filesystem::permissions(folder / "locked",
                                 std::filesystem::perms::owner_read | std::filesystem::perms::owner_exec);
    expect_refused(folder, "compile tiny --random --no-cache -o locked", kFailed, {"locked"});
    expect_refused(folder, "train tiny --checkpoint locked/tiny.st", kFailed, {"locked"});
}

}  // namespace

}  // namespace quantide
