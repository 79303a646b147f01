#include "compiler/codegen/kernel_compiler.h"

#include "compiler/base/error.h"
#include "compiler/codegen/elf.h"
#include "tests/base/temporary_folder.h"
#include "tests/codegen/chain.h"
#include "tests/codegen/instructions.h"

#include <gmock/gmock.h>

#include <atomic>
#include <regex>

namespace quantide {
namespace {

using testing::HasSubstr;

/** The kernel of a step of the chain; the last step is the conversion to float. */
Kernel chain_kernel(const CpuLevel &level, int step, bool parallel = false) {
    static const Program program = make_chain("net", 200, 2);
    return lower_chain(program.graph, step, {&level, std::nullopt, parallel, true});
}

KernelRequest request(const CpuLevel &level, const std::string &signature, std::function<Kernel()> build) {
    return {signature, {&level, std::nullopt, false, true}, std::move(build)};
}

/** The instructions by which a level counts bits; they cannot match a symbol's name. */
const std::pair<const char *, const char *> kCounting[] = {
    {"avx512", "\tvpopcnt[bwdq]\t"}, {"avx2", "\tvpshufb\t"}, {"neon", "\tcnt\t"}, {"dotprod", "\tcnt\t"}};

TEST(Instructions, EachLevelCountsBitsInItsOwnWay) {
    for (const auto &[name, pattern] : kCounting) {
        const std::string assembly =
            compile_kernel(chain_kernel(find_level(name), 0), "k", CodeFormat::Assembly);
        EXPECT_TRUE(std::regex_search(assembly, std::regex(pattern))) << name << "\n" << assembly;
    }
    const std::string baseline =
        compile_kernel(chain_kernel(find_level("baseline"), 0), "k", CodeFormat::Assembly);
    for (const auto &[name, pattern] : kCounting) {
        EXPECT_FALSE(std::regex_search(baseline, std::regex(pattern))) << pattern;
    }
}

TEST(Instructions, NoLevelHasForeignOnes) {
    for (const CpuLevel &level : all_levels()) {
        if (!have_assembler(level)) {
            GTEST_SKIP() << "no assembler for " << level.architecture;
        }
        for (const int step : {0, 2}) {
            const std::string assembly = compile_kernel(chain_kernel(level, step), "k", CodeFormat::Assembly);
            EXPECT_EQ(foreign_instructions(assembly, level), "") << level.name;
        }
    }
}

TEST(Instructions, TheGuardSeesForeignOnes) {
    const std::pair<const char *, const char *> foreign[] = {
        {"avx512", "vcvtneps2bf16 %zmm0, %ymm1"}, {"avx512", "vmovw %xmm0, %eax"},
        {"avx512", "extrq $1, $2, %xmm0"},        {"avx512", "tdpbssd %tmm0, %tmm1, %tmm2"},
        {"avx2", "vpopcntd %zmm0, %zmm1"},        {"baseline", "pshufb %xmm0, %xmm1"},
        {"baseline", "popcnt %eax, %eax"},        {"neon", "udot v0.4s, v1.16b, v2.16b"}};
    for (const auto &[name, instruction] : foreign) {
        const CpuLevel &level = find_level(name);
        if (have_assembler(level)) {
            EXPECT_NE(foreign_instructions(std::string("\t") + instruction + "\n", level), "") << instruction;
        }
    }
    EXPECT_EQ(foreign_instructions("\tvpopcntd %zmm0, %zmm1\n", find_level("avx512")), "");
    // A level's code is foreign to the one below.
    const std::string avx2 = compile_kernel(chain_kernel(find_level("avx2"), 0), "k", CodeFormat::Assembly);
    EXPECT_NE(foreign_instructions(avx2, find_level("baseline")), "");
}

TEST(KernelCompiler, FunctionHasTheNameAndNeedsLittle) {
    const std::string object = compile_kernel(chain_kernel(find_level("avx2"), 0), "a_name");
    std::vector<std::string> defined;
    for (const ElfSymbol &symbol : elf_symbols(object)) {
        if (symbol.defined) {
            defined.push_back(symbol.name);
        } else {
            EXPECT_THAT(symbol.name, testing::StartsWith("mem"));
        }
    }
    EXPECT_THAT(defined, testing::ElementsAre("a_name"));
}

TEST(KernelCompiler, EqualRequestsCompileOnce) {
    const CpuLevel &level = find_level("avx2"), &other = find_level("baseline");
    std::atomic<int> built = 0;
    auto build = [&](const CpuLevel &l) {
        return [&built, &l] {
            built++;
            return chain_kernel(l, 0);
        };
    };
    const TemporaryFolder folder;
    const CodeCache cache(folder.path());
    const std::vector<KernelRequest> requests = {
        request(level, "a", build(level)), request(level, "b", build(level)),
        request(level, "a", build(level)), request(other, "a", build(other))};
    const CompiledKernels first = compile_kernels(requests, cache);
    EXPECT_EQ(built, 3);
    EXPECT_EQ(first.distinct, 3);
    EXPECT_EQ(first.compiled, 3);
    EXPECT_EQ(first.objects[0], first.objects[2]);
    EXPECT_NE(first.objects[0], first.objects[3]);

    const CompiledKernels second = compile_kernels(requests, cache);
    EXPECT_EQ(built, 3) << "a cached kernel was lowered";
    EXPECT_EQ(second.compiled, 0);
    EXPECT_EQ(second.objects, first.objects);
}

TEST(KernelCompiler, OptionsAreSeparateCode) {
    const TemporaryFolder folder;
    const CodeCache cache(folder.path());
    std::vector<KernelRequest> requests;
    const CpuLevel &level = find_level("avx2");
    for (const bool parallel : {false, true}) {
        for (const bool strict : {false, true}) {
            for (const std::optional<int64_t> batch :
                 {std::optional<int64_t>(), std::optional<int64_t>(100)}) {
                requests.push_back({"same", {&level, batch, parallel, strict}, [&level, parallel] {
                                        return chain_kernel(level, 0, parallel);
                                    }});
            }
        }
    }
    EXPECT_EQ(compile_kernels(requests, cache).distinct, 8);
}

TEST(KernelCompiler, AKernelThatAllocatesIsRefused) {
    const CpuLevel &level = find_level("avx2");
    const auto allocating = [&] {
        Kernel kernel = chain_kernel(level, 0);
        const Halide::Var i("i"), b("b");
        Halide::Func temporary("temporary"), out("out");
        temporary(i, b) = kernel.inputs[0](i, b) + Halide::cast<uint8_t>(1);
        out(i, b) = temporary(i, b) + temporary(i + 1, b);
        temporary.compute_root();  // of a size that is known only when it runs
        kernel.inputs.resize(1);
        kernel.outputs = {out};
        return kernel;
    };
    try {
        compile_kernels({request(level, "allocating", allocating)}, CodeCache());
        FAIL() << "accepted";
    } catch (const InternalError &e) {
        EXPECT_THAT(e.what(), testing::AllOf(HasSubstr("halide_malloc"), HasSubstr("allocating")));
    }
}

TEST(KernelCompiler, HalidesErrorsNameTheKernel) {
    const CpuLevel &level = find_level("avx2");
    const auto broken = [&] {
        Kernel kernel = chain_kernel(level, 0);
        kernel.signature = "broken kernel";
        kernel.inputs.clear();  // used but not passed
        return kernel;
    };
    try {
        compile_kernels({request(level, "broken", broken)}, CodeCache());
        FAIL() << "accepted";
    } catch (const InternalError &e) {
        EXPECT_THAT(e.what(), HasSubstr("broken kernel"));
    }
}

}  // namespace
}  // namespace quantide
