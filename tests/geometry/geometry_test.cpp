#include "compiler/codegen/library.h"
#include "compiler/interpret/interpret.h"
#include "compiler/passes/pass.h"
#include "runtime/cpu_features.h"
#include "runtime/parallel.h"
#include "tests/base/temporary_folder.h"
#include "tests/codegen/command.h"
#include "tests/geometry/cases.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <iterator>

namespace quantide {

namespace {

constexpr uint32_t kSeed = 1;

/** Each combination of values of so many axes is in a case. */
int strength() {
    const char *all = std::getenv("QUANTIDE_TEST_ALL");
    return all != nullptr && *all != 0 ? 3 : 2;
}

/** A case and what the interpreter makes of it. */
struct Drawn {
    ConvCase conv;
    std::string name;
    Graph network;
    Arrays parameters;
    Array input, expected;
};

const std::vector<Drawn> &drawn() {
    static const std::vector<Drawn> all = [] {
        const Covering covering = cover(conv_axes(), strength(), kSeed);
        std::vector<ConvCase> cases = group_cases();
        std::transform(covering.choices.begin(), covering.choices.end(), std::back_inserter(cases),
                       make_conv_case);
        std::vector<Drawn> result(cases.size());
        parallel_for(result.size(), 0, [&](size_t i) {
            Drawn &d = result[i];
            d.conv = cases[i];
            d.name = fmt::format("case{}", i);
            d.network = d.conv.network(d.name);
            d.parameters = d.conv.parameters(d.network);
            d.input = d.conv.input();
            Arrays bindings = d.parameters;
            bindings["image"] = d.input;
            d.expected = interpret_outputs(d.network, bindings).at(0);
        });
        fmt::print(
            "{} cases, {} of them from seed {}, which hold the {} combinations of {} values that are "
            "possible\n",
            result.size(), covering.choices.size(), kSeed, covering.covered, strength());
        return result;
    }();
    return all;
}

/** A program that runs the library of every case, from one file of inputs to one of results. */
std::string main_of_all(const std::vector<Drawn> &cases) {
    std::string text, calls;
    for (const Drawn &d : cases) {
        text += fmt::format("#include \"{}/{}.h\"\n", d.name, d.name);
        calls += fmt::format("    CALL({}, {}, {}, {});\n", d.name, d.conv.batch, d.input.bytes.size(),
                             d.expected.bytes.size());
    }
    return text + R"(#include <stdio.h>

#define CALL(name, batch, in_bytes, out_bytes)                                                       \
    do {                                                                                             \
        void *in = malloc(in_bytes), *out = malloc(out_bytes);                                       \
        if (fread(in, in_bytes, 1, from) != 1 || name##_run_alloc(in, out, batch) != 0 ||            \
            fwrite(out, out_bytes, 1, to) != 1) {                                                    \
            return 1;                                                                                \
        }                                                                                            \
        free(in);                                                                                    \
        free(out);                                                                                   \
    } while (0)

int main(int argc, char **argv) {
    FILE *from = fopen(argv[argc - 2], "rb"), *to = fopen(argv[argc - 1], "wb");
)" + calls +
           fmt::format("    puts({}_cpu_level());\n    return fclose(to);\n}}\n", cases.at(0).name);
}

/** Compiles every case for a target into one program, and compares what it computes behind each runner, on
 * the level beside it, with the interpreter. */
void expect_equal(const std::string &target, const std::string &compiler,
                  const std::vector<std::pair<std::string, std::string>> &runners) {
    const TemporaryFolder folder;
    LibraryOptions options;
    options.target = find_target(target);
    options.cache = CodeCache();
    options.threads = 1;
    parallel_for(drawn().size(), 0, [&](size_t i) {
        const Drawn &d = drawn()[i];
        PassOptions passes;
        passes.parameters = &d.parameters;
        write_library(
            compile_library(make_program(run_passes(d.network, deployment_passes(), passes)), options),
            folder / d.name);
    });
    std::string libraries, in;
    for (const Drawn &d : drawn()) {
        libraries += fmt::format("{0}/lib{0}.a\n", d.name);
        in.append(reinterpret_cast<const char *>(d.input.bytes.data()), d.input.bytes.size());
    }
    folder.add("in", in);
    folder.add("main.c", main_of_all(drawn()));
    folder.add("libraries", libraries);
    expect_runs("cd " + folder.path() + " && " + compiler + " -std=c99 -O1 main.c @libraries -o program");
    for (const auto &[runner, level] : runners) {
        EXPECT_EQ(expect_runs("cd " + folder.path() + " && " + runner + " ./program in out"), level + "\n");
        const std::string found = content_of(folder / "out");
        size_t at = 0;
        for (const Drawn &d : drawn()) {
            const std::string expected(reinterpret_cast<const char *>(d.expected.bytes.data()),
                                       d.expected.bytes.size());
            EXPECT_TRUE(at <= found.size() && found.compare(at, expected.size(), expected) == 0)
                << d.name << ": " << d.conv.text() << ", " << level;
            at += expected.size();
        }
        EXPECT_EQ(found.size(), at);
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
