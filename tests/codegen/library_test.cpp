#include "compiler/codegen/library.h"

#include "compiler/base/error.h"
#include "runtime/cpu_features.h"
#include "tests/base/temporary_folder.h"
#include "tests/codegen/chain.h"
#include "tests/codegen/command.h"

#include <gmock/gmock.h>

#include <regex>
#include <set>

namespace quantide {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsSubsetOf;
using testing::StartsWith;

constexpr int kFeatures = 65, kSteps = 5;
const std::string kPrograms = QUANTIDE_SOURCE_DIR "/tests/codegen/programs";
const std::string kStrictC = "-std=c99 -O1 -Wall -Wextra -pedantic -Werror ";

/** The cache of all tests here, empty when they start. */
const CodeCache &test_cache() {
    static const TemporaryFolder folder;
    static const CodeCache cache(folder.path());
    return cache;
}

LibraryOptions options_for(const std::string &target, bool parallel = false) {
    LibraryOptions options;
    options.target = find_target(target);
    options.parallel = parallel;
    options.cache = test_cache();
    options.lower = lower_chain;
    return options;
}

/** A folder with NAME.h and libNAME.a of a chain. */
class ChainLibrary {
public:
    explicit ChainLibrary(const std::string &target, bool parallel = false, const std::string &name = "net",
                          int steps = kSteps, int features = kFeatures)
        : library(compile_library(make_chain(name, features, steps), options_for(target, parallel))),
          flags("-DSTEPS=" + std::to_string(steps) + " -I" + kPrograms + " -I" + folder.path() + " "),
          archive(folder / ("lib" + name + ".a")) {
        write_library(library, folder.path());
    }

    const TemporaryFolder folder;
    const Library library;
    const std::string flags, archive;

    /** Compiles a program of tests/codegen/programs against the library; returns its path. */
    std::string build(const std::string &compiler, const std::string &source,
                      const std::string &more = "") const {
        const std::string program = folder / "program";
        expect_runs(compiler + " " + flags + kPrograms + "/" + source + " " + archive + " " + more + " -o " +
                    program);
        return program;
    }
};

std::set<std::string> lines(const std::string &text) {
    std::set<std::string> result;
    std::istringstream stream(text);
    for (std::string line; std::getline(stream, line);) {
        result.insert(line);
    }
    result.erase("");
    return result;
}

std::string host_target(const std::string &level) {
    return std::string(host_architecture()) + "-linux-" + level;
}

bool on_x86() { return std::string(host_architecture()) == "x86-64"; }

TEST(Library, ComputesTheSameAsPlainLoops) {
    const ChainLibrary net("host");
    EXPECT_EQ(expect_runs(net.build("gcc " + kStrictC, "check.c")),
              "level " + std::string(host_level().name) + "\n");
}

TEST(Library, HeaderIsC99AndCxxForGccAndClang) {
    const ChainLibrary net("host");
    for (const std::string compiler :
         {"gcc -std=c99", "gcc -std=c11", "clang -std=c99",
          "g++ -x c++ -std=c++98 -Wno-long-long -Wno-variadic-macros", "g++ -x c++ -std=c++20",
          "clang++ -x c++ -std=c++17 -Wno-deprecated"}) {
        const std::string warnings = " -O1 -Wall -Wextra -pedantic -Wshadow -Werror ";
        const std::string object = net.folder / "check.o";
        expect_runs(compiler + warnings + net.flags + "-c " + kPrograms + "/check.c -o " + object);
        expect_runs(compiler.substr(0, compiler.find(' ')) + " " + object + " " + net.archive + " -o " +
                    (net.folder / "check") + " && " + (net.folder / "check"));
    }
}

TEST(Library, EachLevelThatThisMachineHas) {
    for (const CpuLevel *level : find_target("host").levels) {
        const ChainLibrary net(host_target(level->name));
        const std::string program = net.build("gcc " + kStrictC, "check.c");
        if (host_runs(*level)) {
            EXPECT_EQ(expect_runs(program), std::string("level ") + level->name + "\n");
        } else {
            EXPECT_EQ(expect_runs(program + " 4"), "level unsupported\n") << level->name;
        }
    }
}

TEST(Library, PicksTheLevelOfEveryCpuModel) {
    if (!on_x86() || !have_command("qemu-x86_64")) {
        GTEST_SKIP() << "needs qemu-x86_64";
    }
    const ChainLibrary net("x86-64-linux"), avx2("x86-64-linux-avx2"), avx512("x86-64-linux-avx512");
    const std::string program = net.build("gcc -static", "check.c");
    const std::string avx2_program = avx2.build("gcc -static", "check.c");
    const std::string avx512_program = avx512.build("gcc -static", "check.c");
    const std::pair<const char *, const char *> models[] = {{"qemu64", "baseline"},
                                                            {"core2duo", "baseline"},
                                                            {"Penryn", "baseline"},
                                                            {"Nehalem", "baseline"},
                                                            {"SandyBridge", "baseline"},
                                                            {"Haswell", "avx2"},
                                                            {"EPYC", "avx2"},
                                                            {"max", "avx2"},
                                                            // what a CPU or a system lacks
                                                            {"Haswell,-bmi2", "baseline"},
                                                            {"Haswell,-abm", "baseline"},
                                                            {"Haswell,-xsave", "baseline"}};
    for (const auto &[model, level] : models) {
        const std::string qemu = std::string("qemu-x86_64 -cpu ") + model + " ";
        EXPECT_THAT(expect_runs(qemu + program), HasSubstr(std::string("level ") + level + "\n")) << model;
        // A library of one level says so on a CPU that lacks it; it never dies of SIGILL.
        const bool has_avx2 = std::string(level) == "avx2";
        EXPECT_THAT(expect_runs(qemu + avx2_program + (has_avx2 ? "" : " 4")),
                    HasSubstr(has_avx2 ? "level avx2\n" : "level unsupported\n"))
            << model;
        EXPECT_THAT(expect_runs(qemu + avx512_program + " 4"), HasSubstr("level unsupported\n")) << model;
    }
}

TEST(Library, PicksTheLevelOfEveryArmModel) {
    if (!have_command("aarch64-linux-gnu-gcc") || !have_command("qemu-aarch64")) {
        GTEST_SKIP() << "needs aarch64-linux-gnu-gcc and qemu-aarch64";
    }
    const ChainLibrary net("arm-64-linux"), dotprod("arm-64-linux-dotprod");
    const std::string program = net.build("aarch64-linux-gnu-gcc -static " + kStrictC, "check.c");
    const std::string dotprod_program = dotprod.build("aarch64-linux-gnu-gcc -static " + kStrictC, "check.c");
    EXPECT_EQ(expect_runs("qemu-aarch64 -cpu cortex-a53 " + program), "level neon\n");
    EXPECT_EQ(expect_runs("qemu-aarch64 -cpu cortex-a76 " + program), "level dotprod\n");
    EXPECT_EQ(expect_runs("qemu-aarch64 -cpu max " + program), "level dotprod\n");
    EXPECT_EQ(expect_runs("qemu-aarch64 -cpu cortex-a53 " + dotprod_program + " 4"), "level unsupported\n");
    EXPECT_EQ(expect_runs("qemu-aarch64 -cpu max " + dotprod_program), "level dotprod\n");
}

TEST(Library, EverySymbolCarriesTheNameAndOnlyLibcIsNeeded) {
    for (const bool parallel : {false, true}) {
        for (const char *target : {"x86-64-linux", "arm-64-linux"}) {
            const ChainLibrary net(target, parallel);
            const std::set<std::string> defined = lines(expect_runs(
                "nm --defined-only --extern-only -f posix " + net.archive + " | grep -v : | cut -d' ' -f1"));
            EXPECT_GT(defined.size(), 10U);
            EXPECT_THAT(defined, testing::Each(StartsWith("net_")));
            std::set<std::string> undefined = lines(
                expect_runs("nm --undefined-only -f posix " + net.archive + " | grep -v : | cut -d' ' -f1"));
            for (const std::string &name : defined) {
                undefined.erase(name);
            }
            if (!parallel) {
                const std::set<std::string> libc = {"memset", "memcpy", "memmove", "getauxval", "syscall"};
                EXPECT_THAT(undefined, IsSubsetOf(libc)) << target;
            } else {
                EXPECT_THAT(undefined, testing::Each(testing::Not(StartsWith("halide")))) << target;
            }
        }
    }
}

TEST(Library, ASharedObjectExportsTheInterfaceAlone) {
    const ChainLibrary net("host");
    const std::string shared = net.folder / "libshared.so";
    expect_runs("gcc -shared -Wl,-z,text -Wl,-z,defs -Wl,--whole-archive " + net.archive +
                " -Wl,--no-whole-archive -o " + shared);
    const std::set<std::string> interface = {"net_run",     "net_scratch_bytes", "net_status_string",
                                             "net_version", "net_cpu_level",     "net_weight_bytes"};
    EXPECT_EQ(lines(expect_runs("nm -D --defined-only -f posix " + shared + " | cut -d' ' -f1")), interface);
    const std::string program = net.folder / "program";
    expect_runs("gcc " + kStrictC + net.flags + kPrograms + "/check.c " + shared + " -Wl,-rpath," +
                net.folder.path() + " -o " + program + " && " + program);
    EXPECT_THAT(expect_runs("readelf -lW " + shared + " | grep GNU_STACK"), testing::Not(HasSubstr("RWE")));
}

TEST(Library, TwoInOneProgram) {
    for (const bool parallel : {false, true}) {
        const ChainLibrary net("host", parallel), net2("host", parallel, "net2", 3, 64);
        const std::string more = "-DSTEPS2=3 -I" + net2.folder.path() + " " + net2.archive + " -pthread";
        expect_runs(net.build("gcc " + kStrictC, "two.c", more));
        // All of both, so that any clash of names shows.
        expect_runs(net.build("gcc -Wl,--whole-archive", "two.c", more + " -Wl,--no-whole-archive"));
    }
}

TEST(Library, FourThreadsAtOnce) {
    for (const bool parallel : {false, true}) {
        const ChainLibrary net("host", parallel);
        EXPECT_EQ(expect_runs(net.build("gcc " + kStrictC, "threads.c", "-pthread")), "0 wrong\n");
    }
}

TEST(Library, ParallelOneComputesTheSame) {
    const ChainLibrary net("host", true);
    const std::string program = net.build("gcc " + kStrictC, "check.c", "-pthread");
    for (const char *threads : {"1", "2", "5"}) {
        expect_runs("HL_NUM_THREADS=" + std::string(threads) + " " + program);
    }
    EXPECT_THAT(net.library.header, HasSubstr("int net_set_num_threads(int threads);"));
}

TEST(Library, ProgramDescribesItsBuffersAndPassesStatusesOn) {
    const std::string lowest = find_target("host").levels.back()->name;
    const ChainLibrary net(host_target(lowest), false, "net", 2);
    expect_runs("cd " + net.folder.path() +
                " && ar x libnet.a net.o net_data.o && gcc -std=c99 -Wall -Wextra -Werror -DLEVEL=" + lowest +
                " -I. " + kPrograms + "/kernels.c net.o net_data.o -o kernels && ./kernels");
}

TEST(Library, ACallAllocatesNothing) {
    const ChainLibrary net("host");
    std::string wrap;
    for (const char *function : {"malloc", "calloc", "realloc", "mmap"}) {
        wrap += std::string(" -Wl,--wrap=") + function;
    }
    // The program fails if its own allocation is not counted, so 0 means none.
    EXPECT_EQ(expect_runs(net.build("gcc " + kStrictC, "allocations.c", wrap)),
              "0 allocations in calls, 1 in the wrapper\n");
}

TEST(Library, TheSameBytesEachTime) {
    for (const char *target : {"x86-64-linux-avx2", "arm-64-linux-neon"}) {
        for (const bool parallel : {false, true}) {
            LibraryOptions options = options_for(target, parallel);
            const Program program = make_chain("net", kFeatures, 2);
            const Library cached = compile_library(program, options);
            options.cache = CodeCache();
            for (const int threads : {1, 3}) {
                options.threads = threads;
                const Library fresh = compile_library(program, options);
                EXPECT_EQ(fresh.compiled, fresh.kernels);
                EXPECT_EQ(fresh.archive, cached.archive) << target;
                EXPECT_EQ(fresh.header, cached.header) << target;
            }
        }
    }
}

TEST(Library, CompilesEqualKernelsOnceAndCachedOnesNotAtAll) {
    const TemporaryFolder folder;
    LibraryOptions options = options_for(host_target(find_target("host").levels.back()->name));
    options.cache = CodeCache(folder.path());
    const Library first = compile_library(make_chain("net", kFeatures, kSteps), options);
    // The first step reads the input, whose encoding differs; the last is another kernel.
    EXPECT_EQ(first.kernels, 3);
    EXPECT_EQ(first.compiled, 3);
    EXPECT_EQ(compile_library(make_chain("net", kFeatures, kSteps), options).compiled, 0);
    EXPECT_EQ(compile_library(make_chain("another_name", kFeatures, 2), options).compiled, 0);
    EXPECT_EQ(compile_library(make_chain("net", kFeatures + 1, kSteps), options).compiled, 3);

    for (const std::string &name : folder.names()) {
        std::filesystem::resize_file(folder / name, std::filesystem::file_size(folder / name) / 2);
    }
    const Library again = compile_library(make_chain("net", kFeatures, kSteps), options);
    EXPECT_EQ(again.compiled, 3);
    EXPECT_EQ(again.archive, first.archive);
}

TEST(Library, HeaderSaysWhatGoesInAndOut) {
    const std::string header =
        compile_library(make_chain("net", 3, 1), options_for("x86-64-linux-avx2")).header;
    EXPECT_THAT(header, AllOf(HasSubstr("uint8_t in[batch][3]"), HasSubstr("0.125 * c - 1"),
                              HasSubstr("255 is 30.875"), HasSubstr("float out[batch][3]"),
                              HasSubstr("one score a class"), HasSubstr("Haswell"),
                              HasSubstr("NET_UNSUPPORTED_CPU"), HasSubstr("aligned to 64 bytes")));
}

TEST(Library, RefusesNamesThatCDoesNotKnow) {
    for (const char *name : {"", "9lives", "my-net", "a b", "n\xc3\xa4h"}) {
        try {
            compile_library(make_chain(name, 3, 1), options_for("host"));
            FAIL() << "accepted '" << name << "'";
        } catch (const CompileError &e) {
            EXPECT_THAT(e.what(), HasSubstr("as in C"));
        }
    }
}

TEST(Library, WritesBothFilesOrSaysWhyNot) {
    const TemporaryFolder folder;
    const Library library = {"net", "header", "archive"};
    write_library(library, folder / "a/b");
    EXPECT_EQ(content_of(folder / "a/b/net.h"), "header");
    EXPECT_EQ(content_of(folder / "a/b/libnet.a"), "archive");
    EXPECT_THROW(write_library(library, ""), CompileError);
    const std::string file = folder.add("file", "");
    try {
        write_library(library, file + "/c");
        FAIL() << "wrote below a file";
    } catch (const CompileError &e) {
        EXPECT_THAT(e.what(), HasSubstr(file));
    }
}

}  // namespace
}  // namespace quantide
