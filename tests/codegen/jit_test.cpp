#include "compiler/codegen/jit.h"

#include "compiler/base/error.h"
#include "compiler/codegen/library.h"
#include "runtime/parallel.h"
#include "tests/base/temporary_folder.h"
#include "tests/codegen/chain.h"
#include "tests/codegen/command.h"

#include <gmock/gmock.h>

#include <dlfcn.h>
#include <atomic>

namespace quantide {
namespace {

constexpr int kFeatures = 129, kSteps = 3;

JitOptions options_for(const CpuLevel *level = nullptr, bool parallel = false) {
    JitOptions options;
    options.level = level;
    options.parallel = parallel;
    options.lower = lower_chain;
    return options;
}

std::vector<uint8_t> make_input(int64_t batch) {
    std::vector<uint8_t> in(static_cast<size_t>(batch * kFeatures));
    for (size_t k = 0; k < in.size(); k++) {
        in[k] = static_cast<uint8_t>(29 * k + k / 256);
    }
    return in;
}

std::vector<float> run(const JitProgram &program, int64_t batch, std::vector<double> *seconds = nullptr) {
    const std::vector<uint8_t> in = make_input(batch);
    std::vector<float> out(in.size(), -1);
    AlignedBytes scratch(program.scratch_bytes(batch));
    program.run({{in.data()}, {out.data()}, {}, scratch.data()}, batch, seconds);
    return out;
}

std::vector<float> reference(int64_t batch) {
    const std::vector<uint8_t> in = make_input(batch);
    std::vector<float> out;
    for (size_t k = 0; k < in.size(); k++) {
        out.push_back(chain_reference(in[k], static_cast<int>(k % kFeatures), kSteps));
    }
    return out;
}

TEST(JitProgram, EveryLevelOfThisMachineComputesTheSame) {
    for (const CpuLevel *level : find_target("host").levels) {
        if (!host_runs(*level)) {
            continue;
        }
        const JitProgram program(make_chain("net", kFeatures, kSteps), options_for(level));
        for (const int64_t batch : {1, 2, 3, 31, 64, 65}) {
            EXPECT_EQ(run(program, batch), reference(batch)) << level->name << ", batch " << batch;
        }
    }
}

TEST(JitProgram, ALevelThatThisMachineLacksIsTheUsersMistake) {
    for (const CpuLevel &level : all_levels()) {
        if (!host_runs(level)) {
            EXPECT_THROW(JitProgram(make_chain("net", kFeatures, 1), options_for(&level)), CompileError)
                << level.name;
        }
    }
}

TEST(JitProgram, ThreadsDoNotChangeResults) {
    const JitProgram program(make_chain("net", kFeatures, kSteps), options_for(nullptr, true));
    for (const int threads : {1, 2, 5, 0}) {
        set_jit_threads(threads);
        EXPECT_EQ(run(program, 64), reference(64)) << threads << " threads";
    }
}

TEST(JitProgram, SeveralThreadsMayCallAtOnce) {
    const JitProgram program(make_chain("net", kFeatures, kSteps), options_for(nullptr, true));
    std::atomic<int> wrong = 0;
    parallel_for(40, 4, [&](size_t i) {
        const auto batch = static_cast<int64_t>(1 + i % 7);
        wrong += run(program, batch) != reference(batch);
    });
    EXPECT_EQ(wrong, 0);
}

TEST(JitProgram, ManyAreCompiledAtOnceAndGoAway) {
    parallel_for(8, 4, [&](size_t i) {
        const JitProgram program(make_chain("net", kFeatures, kSteps), options_for(nullptr, i % 2 == 0));
        EXPECT_EQ(run(program, 5), reference(5));
    });
}

TEST(JitProgram, ReportsSecondsOfEachStep) {
    const JitProgram program(make_chain("net", kFeatures, kSteps), options_for());
    std::vector<double> seconds;
    run(program, 64, &seconds);
    ASSERT_EQ(seconds.size(), kSteps + 1U);
    const std::vector<double> once = seconds;
    run(program, 64, &seconds);
    for (size_t i = 0; i < seconds.size(); i++) {
        EXPECT_GE(seconds[i], once[i]);
        EXPECT_GT(seconds[i], 0);
    }
}

TEST(JitProgram, RebindsToOtherNumbers) {
    JitProgram program(make_chain("net", kFeatures, kSteps), options_for());
    Program zero = make_chain("net", kFeatures, kSteps);
    for (auto &[id, array] : zero.graph.constants) {
        array = std::make_shared<const Array>(UInt(8), Shape{kFeatures});
    }
    program.rebind(zero);
    EXPECT_NE(run(program, 3), reference(3));
    program.rebind(make_chain("net", kFeatures, kSteps));
    EXPECT_EQ(run(program, 3), reference(3));
    EXPECT_THROW(program.rebind(make_chain("net", kFeatures, kSteps + 1)), InternalError);
}

TEST(JitProgram, EqualsTheLibraryBitForBit) {
    const TemporaryFolder folder;
    LibraryOptions options;
    options.cache = CodeCache();
    options.lower = lower_chain;
    write_library(compile_library(make_chain("net", kFeatures, kSteps), options), folder.path());
    const std::string shared = folder / "libnet.so";
    expect_runs("gcc -shared -Wl,--whole-archive " + (folder / "libnet.a") + " -Wl,--no-whole-archive -o " +
                shared);
    void *handle = dlopen(shared.c_str(), RTLD_NOW | RTLD_LOCAL);
    ASSERT_NE(handle, nullptr) << dlerror();
    const auto library_run =
        reinterpret_cast<int (*)(const uint8_t *, float *, void *, int32_t)>(dlsym(handle, "net_run"));
    ASSERT_NE(library_run, nullptr);

    const JitProgram program(make_chain("net", kFeatures, kSteps), options_for());
    const std::vector<uint8_t> in = make_input(65);
    std::vector<float> out(in.size());
    AlignedBytes scratch(program.scratch_bytes(65));
    EXPECT_EQ(library_run(in.data(), out.data(), scratch.data(), 65), 0);
    EXPECT_EQ(out, run(program, 65));
    dlclose(handle);
}

}  // namespace
}  // namespace quantide
