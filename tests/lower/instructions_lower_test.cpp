#include "compiler/codegen/kernel_compiler.h"
#include "compiler/quantizers/quantizer.h"
#include "schedules/schedule.h"
#include "tests/lower/run_group.h"

#include <gmock/gmock.h>

#include <sstream>

namespace quantide {
namespace {

using testing::AnyOf;
using testing::Each;
using testing::Not;

std::string assembly_of(const TestGroup &group, const CpuLevel &level) {
    const LowerOptions options{.level = &level, .batch = {}, .parallel = false, .strict_float = true};
    return compile_kernel(lower_group(group.graph, 0, options), "k", CodeFormat::Assembly);
}

/** How often a mnemonic, or a family of them, stands in code; names of symbols do not count. */
int count(const std::string &code, const std::string &mnemonic) {
    int found = 0;
    for (size_t at = 0; (at = code.find("\t" + mnemonic, at)) != std::string::npos; ++at) {
        ++found;
    }
    return found;
}

/** What a function calls. */
std::vector<std::string> callees(const std::string &code) {
    std::vector<std::string> names;
    std::istringstream lines(code);
    for (std::string line; std::getline(lines, line);) {
        for (const char *branch : {"\tcallq\t", "\tcall\t", "\tbl\t"}) {
            if (line.starts_with(branch)) {
                names.push_back(line.substr(line.rfind('\t') + 1));
            }
        }
    }
    return names;
}

/** The innermost loop in which a mnemonic stands most often: from its label to the branch back. */
std::string hottest_loop(const std::string &code, const std::string &mnemonic) {
    std::istringstream lines(code);
    std::string best, body, label;
    for (std::string line; std::getline(lines, line);) {
        if (line.starts_with(".L") && line.find(':') != std::string::npos) {
            label = line.substr(0, line.find(':'));
            body.clear();
        }
        body += line + "\n";
        const bool closes = !label.empty() && line.starts_with("\tj") && line.ends_with("\t" + label);
        if (closes && count(body, mnemonic) > count(best, mnemonic)) {
            best = body;
        }
    }
    return best;
}

struct Product {
    const char *family;
    ElementType x;
};

const Product kProducts[] = {{"dense/popcount", UInt(1)}, {"dense/bytes", UInt(8)}};

/** What the CPUs of a level need not have. */
const std::map<std::string, std::vector<const char *>> kLacking = {
    {"avx2", {"%zmm", "%k1", "vpopcnt", "vpdpbusd"}},
    {"baseline", {"%ymm", "%zmm", "\tvp", "\tvmov", "\tpshufb", "\tpopcnt", "\tpmaddubsw"}},
    {"neon", {"\tudot", "\tsdot"}},
};

TEST(Instructions, ProductsUseThoseOfTheirRow) {
    std::mt19937 random(1);
    for (const CpuLevel &level : all_levels()) {
        for (const Product &product : kProducts) {
            for (const char *epilogue : {"threshold", "dequantize+batch_norm"}) {
                const TestGroup group = dense_group({128, 512, product.x, true, epilogue}, random);
                const LowerOptions options{
                    .level = &level, .batch = {}, .parallel = false, .strict_float = true};
                const Kernel kernel = lower_group(group.graph, 0, options);
                const bool tiles = product.x == UInt(8) && has_schedule("dense/tiles", kernel.target);
                EXPECT_EQ(kernel.family, tiles ? "dense/tiles" : product.family);
                const Schedule &row = find_schedule(kernel.family, kernel.target);
                EXPECT_EQ(kernel.arithmetic, row.arithmetic);
                const std::string code = compile_kernel(kernel, "k", CodeFormat::Assembly);
                const std::string instruction = row.instruction;
                EXPECT_TRUE(instruction.empty() || count(code, instruction) > 0)
                    << level.name << ", " << group.what << ": no " << instruction << " in\n"
                    << code;
                const auto lacking = kLacking.find(level.name);
                for (const char *text :
                     lacking == kLacking.end() ? std::vector<const char *>{} : lacking->second) {
                    EXPECT_EQ(code.find(text), std::string::npos)
                        << level.name << ", " << group.what << ": " << text;
                }
                EXPECT_THAT(callees(code), Each(AnyOf("memset", "memset@PLT", "memcpy", "memcpy@PLT")))
                    << level.name << ", " << group.what;
            }
        }
    }
}

TEST(Instructions, FloatProductsKeepSumsInRegistersAndOnTheStack) {
    std::mt19937 random(5);
    const TestGroup group = dense_group({1024, 4096, Float(32), false, "batch_norm+quantize"}, random);
    for (const CpuLevel &level : all_levels()) {
        EXPECT_THAT(callees(assembly_of(group, level)),
                    Each(AnyOf("memset", "memset@PLT", "memcpy", "memcpy@PLT")))
            << level.name;
    }
    const std::string loop = hottest_loop(assembly_of(group, find_level("avx512")), "vfmadd");
    EXPECT_EQ(count(loop, "vfmadd"), 2 * 20);
    EXPECT_EQ(count(loop, "vmulps") + count(loop, "vaddps"), 0);
    EXPECT_THAT(loop, Not(testing::HasSubstr("%rsp")));
}

TEST(Instructions, Avx512CountsBitsWithThreeOperationsAVector) {
    std::mt19937 random(2);
    const TestGroup group = dense_group({1024, 4096, UInt(1), true, "threshold"}, random);
    const std::string loop = hottest_loop(assembly_of(group, find_level("avx512")), "vpopcntd");
    EXPECT_EQ(count(loop, "vpopcntd"), 20);
    EXPECT_EQ(count(loop, "vpxord"), 20);
    EXPECT_EQ(count(loop, "vpaddd"), 20);
    EXPECT_THAT(loop, Not(testing::HasSubstr("%rsp")));
}

TEST(Instructions, Avx512ExpandsWeightsOnceForAllRowsOfATile) {
    std::mt19937 random(3);
    const TestGroup group = dense_group({1024, 784, UInt(8), true, "threshold"}, random);
    const std::string loop = hottest_loop(assembly_of(group, find_level("avx512")), "vpdpbusd");
    EXPECT_EQ(count(loop, "vpdpbusd"), 8 * 20);
    EXPECT_EQ(count(loop, "vpandd"), 8 * 2);
}

TEST(Instructions, AmxMultipliesTwoByTwoTilesInRegisters) {
    std::mt19937 random(3);
    const CpuLevel &level = find_level("amx");
    const TestGroup group = dense_group({1024, 4096, UInt(8), true, "threshold"}, random);
    const std::string code = assembly_of(group, level);
    const std::string loop = hottest_loop(code, "tdpb");
    EXPECT_EQ(count(loop, "tdpbuud"), 4);
    EXPECT_EQ(count(loop, "tileload"), 4);
    EXPECT_EQ(count(loop, "tilestore"), 0);
    EXPECT_EQ(count(code, "tilestore"), 4);
    EXPECT_EQ(count(code, "tileload"), 8);
}

TEST(Instructions, Avx2AddsPairsOfSixteenBitsInRegisters) {
    std::mt19937 random(5);
    Graph graph;
    const ValueId x = add_input(graph, UInt(8), 4096),
                  w = graph.add_constant("w", random_array(UInt(8), {1024, 4096}, random),
                                         find_quantizer("symmetric(8)").encoding());
    graph.outputs = {graph.add_one("integer_dense", "d", {x, w}, {{"arithmetic", std::string("shorts")}})};
    const TestGroup group{as_one_group(graph), "8 x 8 bits"};
    const std::string loop = hottest_loop(assembly_of(group, find_level("avx2")), "vpmaddwd");
    EXPECT_EQ(count(loop, "vpmaddwd"), 12);
    EXPECT_EQ(count(loop, "vpaddd"), 12);
    EXPECT_THAT(loop, Not(testing::HasSubstr("%rsp")));
}

TEST(Instructions, Avx2CountsBytesByTableAndWidensOutsideTheLoop) {
    std::mt19937 random(4);
    // Fewer words than full adders condense.
    const TestGroup group = dense_group({1024, 224, UInt(1), true, "threshold"}, random);
    const std::string loop = hottest_loop(assembly_of(group, find_level("avx2")), "vpshufb");
    EXPECT_EQ(count(loop, "vpxor"), 2);
    EXPECT_EQ(count(loop, "vpshufb"), 2 * 2);
    EXPECT_EQ(count(loop, "vpsadbw"), 0);
    EXPECT_THAT(loop, Not(testing::HasSubstr("%rsp")));
}

}  // namespace
}  // namespace quantide
