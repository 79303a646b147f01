#include "compiler/codegen/ice_lake.h"
#include "compiler/codegen/kernel_compiler.h"
#include "compiler/codegen/library.h"
#include "compiler/interpret/interpret.h"
#include "compiler/lower/lower.h"
#include "compiler/passes/pass.h"
#include "dsl/dsl.h"
#include "runtime/cpu_features.h"
#include "tests/base/temporary_folder.h"
#include "tests/codegen/command.h"
#include "tests/codegen/instructions.h"

#include <gmock/gmock.h>

#include <cstring>
#include <random>
#include <regex>

namespace quantide {
namespace {

/** Awkward sizes: nothing is a multiple of 32. */
Graph binary_network() {
    return build("net", [] {
        Tensor x = input("image", {67}, UInt(8), {.scale = 0.125F, .offset = -1});
        for (const int units : {129, 33}) {
            x = quantize(batch_norm(dense(x, {.units = units, .weights = sign()})), sign());
        }
        return batch_norm(dense(x, {.units = 10, .weights = sign()}));
    });
}

/** Borders of every kind, pools on either side of a batch norm, groups, floats at the end. */
Graph image_network() {
    return build("net", [] {
        Tensor x = input("image", {3, 13, 9}, UInt(8), {.scale = 0.125F, .offset = -1});
        x = conv2d(x, {.channels = 40, .stride = {2, 1}, .padding = same(), .weights = sign()});
        x = max_pool(quantize(batch_norm(x), sign()), {.kernel = 3, .stride = 1, .padding = pad(1)});
        x = conv2d(x, {.channels = 70, .padding = pad(1, -1), .weights = sign()});
        x = quantize(batch_norm(max_pool(x)), sign());
        x = conv2d(x, {.channels = 70, .padding = same(), .groups = 70, .weights = sign()});
        x = relu(batch_norm(x));
        x = add(x, conv2d(x, {.channels = 70, .kernel = 1}));
        return dense(concat({global_avg_pool(x), global_max_pool(x)}), {.units = 10});
    });
}

/** Numbers for every parameter: scales of both signs and 0. */
Arrays make_parameters(const Graph &graph, uint32_t seed) {
    std::mt19937 random(seed);
    Arrays parameters;
    for (const Node &node : graph.nodes) {
        if (node.op != "parameter") {
            continue;
        }
        const Value &value = graph.value(node.outputs[0]);
        Array array(Float(32), value.shape);
        const bool variance = value.name.ends_with("running_var");
        for (float &x : array.floats()) {
            const auto integer = static_cast<int>(random() % 2001);
            x = variance ? 0.5F + static_cast<float>(integer) / 64
                         : static_cast<float>(integer - 1000) / 1000;
        }
        parameters.emplace(value.name, std::move(array));
    }
    return parameters;
}

/** On some levels few images are multiplied by popcounts, many by bytes. */
Graph two_bit_network() {
    return build("net", [] {
        Tensor x = input("image", {70}, UInt(8), {.scale = 0.125F, .offset = -1});
        for (int layer = 0; layer < 2; ++layer) {
            x = quantize(batch_norm(dense(x, {.units = 129, .weights = symmetric(2)})), symmetric(2));
        }
        return batch_norm(dense(x, {.units = 10, .weights = symmetric(2)}));
    });
}

struct Case {
    const char *name;
    Graph network;
    Arrays parameters;
    Program program;
};

Case make_case(const char *name, Graph network) {
    constexpr uint32_t kSeed = 7;
    Arrays parameters = make_parameters(network, kSeed);
    PassOptions options;
    options.parameters = &parameters;
    Program program = make_program(run_passes(network, deployment_passes(), options));
    return {name, std::move(network), std::move(parameters), std::move(program)};
}

const std::vector<Case> &cases() {
    static const std::vector<Case> all = [] {
        std::vector<Case> result;
        result.push_back(make_case("binary", binary_network()));
        result.push_back(make_case("float32", as_float32(binary_network())));
        result.push_back(make_case("images", image_network()));
        result.push_back(make_case("two_bits", two_bit_network()));
        return result;
    }();
    return all;
}

/** The network's input for a batch, as its type says. */
Array make_input(const Case &c, int64_t batch) {
    const Value &value = c.program.graph.value(c.program.inputs[0]);
    Shape shape = value.shape;
    shape[0] = batch;
    Array in(value.type, shape);
    std::mt19937 random(static_cast<uint32_t>(batch));
    for (size_t i = 0; i < static_cast<size_t>(in.size()); i++) {
        if (value.type.is_float()) {
            in.floats()[i] = static_cast<float>(random() % 2001) / 500 - 2;
        } else {
            in.as<uint8_t>()[i] = static_cast<uint8_t>(random());
        }
    }
    return in;
}

/** The meaning of the network, before any pass. */
std::string reference(const Case &c, const Array &in) {
    Arrays bindings = c.parameters;
    bindings.emplace(c.program.graph.value(c.program.inputs[0]).name, in);
    const Array out = interpret_outputs(c.network, bindings).at(0);
    return {reinterpret_cast<const char *>(out.bytes.data()), out.bytes.size()};
}

/** A library of a case and the program apply.c linked with it. */
class Applied {
public:
    Applied(const Case &of, const std::string &target, const std::string &compiler) : case_(of) {
        LibraryOptions options;
        options.target = find_target(target);
        options.cache = CodeCache();
        write_library(compile_library(of.program, options), folder_.path());
        const int in_bytes = of.program.graph.value(of.program.inputs[0]).type.bytes();
        expect_runs(compiler + " -std=c99 -O1 -DIN_BYTES=" + std::to_string(in_bytes) + " -I" +
                    folder_.path() + " " QUANTIDE_SOURCE_DIR "/tests/codegen/programs/apply.c " +
                    (folder_ / "libnet.a") + " -o " + (folder_ / "apply"));
    }

    /** Runs it behind `runner` and compares every bit with the interpreter. */
    void expect_equal(const std::string &runner, const std::string &level) const {
        for (const int64_t batch : {1, 2, 3, 31, 65}) {
            const CommandResult result = run(runner, batch);
            EXPECT_EQ(result.status, 0) << result.output;
            EXPECT_THAT(result.output, testing::HasSubstr(level + " ok\n"));
            EXPECT_TRUE(content_of(folder_ / "out") == reference(case_, make_input(case_, batch)))
                << case_.name << " network, " << runner << " " << level << ", batch " << batch;
        }
    }

    /** Of a call's stack, as the header says. */
    int stack_kib() const {
        const std::string header = content_of(folder_ / "net.h");
        std::smatch found;
        EXPECT_TRUE(std::regex_search(header, found, std::regex("up to ([0-9]+) KiB of stack")));
        return found.empty() ? 0 : std::stoi(found[1]);
    }

    CommandResult run(const std::string &runner, int64_t batch) const {
        const Array in = make_input(case_, batch);
        const std::string file =
            folder_.add("in", {reinterpret_cast<const char *>(in.bytes.data()), in.bytes.size()});
        return run_command(runner + " " + (folder_ / "apply") + " " + std::to_string(batch) + " " + file +
                           " " + (folder_ / "out"));
    }

private:
    const Case &case_;
    const TemporaryFolder folder_;
};

TEST(Networks, EveryLevelEqualsTheInterpreterBitForBit) {
    for (const Case &c : cases()) {
        for (const CpuLevel *level : find_target("host").levels) {
            if (host_runs(*level)) {
                Applied(c, std::string(host_architecture()) + "-linux-" + level->name, "gcc")
                    .expect_equal("", level->name);
            }
        }
    }
}

TEST(Networks, EmulatedX86EqualsTheInterpreterBitForBit) {
    if (std::string(host_architecture()) != "x86-64" || !have_command("qemu-x86_64")) {
        GTEST_SKIP() << "needs qemu-x86_64";
    }
    for (const Case &c : cases()) {
        const Applied applied(c, "x86-64-linux", "gcc -static");
        applied.expect_equal("qemu-x86_64 -cpu qemu64", "baseline");
        applied.expect_equal("qemu-x86_64 -cpu Nehalem", "baseline");
        applied.expect_equal("qemu-x86_64 -cpu Haswell", "avx2");
    }
}

TEST(Networks, EmulatedArmEqualsTheInterpreterBitForBit) {
    if (!have_command("aarch64-linux-gnu-gcc") || !have_command("qemu-aarch64")) {
        GTEST_SKIP() << "needs aarch64-linux-gnu-gcc and qemu-aarch64";
    }
    for (const Case &c : cases()) {
        const Applied applied(c, "arm-64-linux", "aarch64-linux-gnu-gcc -static");
        applied.expect_equal("qemu-aarch64 -cpu cortex-a53", "neon");
        applied.expect_equal("qemu-aarch64 -cpu max", "dotprod");
    }
}

TEST(Networks, TakeTheStackThatTheHeaderSays) {
    const Case c =
        make_case("stack", build("net", [] {
                      return dense(input("x", {4096}, UInt(8)), {.units = 10, .weights = symmetric(2)});
                  }));
    const std::string level = host_level().name;
    const Applied applied(c, std::string(host_architecture()) + "-linux-" + level, "gcc");
    constexpr int kMainKib = 64;
    const int kib = applied.stack_kib();
    EXPECT_GE(kib, 4 * kMainKib);
    applied.expect_equal(fmt::format("ulimit -s {};", kib + kMainKib), level);
    EXPECT_NE(applied.run(fmt::format("ulimit -s {};", kib / 2), 65).status, 0);
}

TEST(Networks, NoKernelHasInstructionsThatItsLevelLacks) {
    for (const CpuLevel &level : all_levels()) {
        if (!have_assembler(level)) {
            GTEST_SKIP() << "no assembler for " << level.architecture;
        }
        for (const Case &c : cases()) {
            for (const int group : c.program.groups) {
                const Kernel kernel =
                    lower_group(c.program.graph, group, {&level, std::nullopt, false, true});
                EXPECT_EQ(foreign_instructions(compile_kernel(kernel, "k", CodeFormat::Assembly), level), "")
                    << kernel.signature;
            }
        }
    }
}

TEST(Networks, BinaryProductsUseTheLevelsInstruction) {
    // The second dense layer has one-bit operands on both sides.
    const std::pair<const char *, const char *> wanted[] = {
        {"avx512", "\tvpopcnt[dq]\t"}, {"avx2", "\tvpshufb\t"}, {"neon", "\tcnt\t"}, {"dotprod", "\tcnt\t"}};
    const Program &program = cases()[0].program;
    for (const auto &[name, pattern] : wanted) {
        int kernels = 0;
        for (const int group : program.groups) {
            const Kernel kernel =
                lower_group(program.graph, group, {&find_level(name), std::nullopt, false, true});
            if (kernel.family == "dense/popcount") {
                kernels++;
                EXPECT_TRUE(
                    std::regex_search(compile_kernel(kernel, "k", CodeFormat::Assembly), std::regex(pattern)))
                    << name << ", " << kernel.signature;
            }
        }
        EXPECT_EQ(kernels, 2) << name;
    }
}

TEST(Networks, NoKernelHasInstructionsOfAmdAlone) {
    const CpuLevel &level = find_level("avx512");
    if (!have_assembler(level)) {
        GTEST_SKIP() << "no assembler for " << level.architecture;
    }
    const Case c = make_case("bytes", build("net", [] {
                                 const Tensor x = input("image", {22, 9, 5}, UInt(8));
                                 return dense(flatten(conv2d(x, {.channels = 65,
                                                                 .kernel = 4,
                                                                 .stride = {3, 2},
                                                                 .dilation = 2,
                                                                 .padding = pad(2, 1, 0, 1, 1),
                                                                 .weights = sign()})),
                                              {.units = 10});
                             }));
    bool tempted = false;
    for (const int group : c.program.groups) {
        const Kernel kernel = lower_group(c.program.graph, group, {&level, std::nullopt, false, true});
        if (kernel.family != "conv2d/bytes") {
            continue;
        }
        const TemporaryFolder folder;
        compile_beside_others([&] {
            make_pipeline(kernel).compile_to_assembly(
                folder / "k.s", {kernel.inputs.begin(), kernel.inputs.end()}, "k", kernel.target);
        });
        tempted = tempted || foreign_instructions(content_of(folder / "k.s"), level) != "";
        EXPECT_EQ(foreign_instructions(compile_kernel(kernel, "k", CodeFormat::Assembly), level), "");
        EXPECT_FALSE(may_have_sse4a(compile_kernel(kernel, "k"), true));
    }
    EXPECT_TRUE(tempted) << "Halide no longer takes SSE4A here: this test sees nothing";
}

}  // namespace
}  // namespace quantide
