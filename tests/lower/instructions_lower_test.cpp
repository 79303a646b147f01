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

constexpr const char *kBytes = "dynamic_fixed_point(8)";

/** The products of a layer's gradient, in bytes or float32, by signs: for its input or, with the update, for
 * its weights. */
TestGroup gradient_group(const std::string &op, const std::string &gradient = kBytes) {
    constexpr int64_t kRows = 100;
    const bool of_image = op.starts_with("conv2d"), of_weights = op.ends_with("weight_gradient");
    const int64_t units = of_image ? 256 : 4096;
    const Shape images = of_image ? Shape{kRows, units, 16, 16} : Shape{kRows, units},
                weights = of_image ? Shape{units, units, 3, 3} : Shape{units, units};
    TestGroup group;
    Graph &graph = group.graph;
    const auto parameter = [&](const char *name, Shape shape, const std::string &quantizer, Layout at) {
        Attributes of{{"shape", std::move(shape)}, {"init", "zeros"}, {"trainable", int64_t{0}}};
        if (!quantizer.empty()) {
            of["quantizer"] = quantizer;
        }
        const ValueId id = graph.add_one("parameter", name, {}, of);
        graph.value(id).layout = at;
        return id;
    };
    Attributes attributes;
    if (!gradient.empty()) {
        attributes["format"] = gradient;
    }
    if (of_image) {
        attributes.insert({{"strides", Shape{1, 1}},
                           {"dilations", Shape{1, 1}},
                           {"pads", Shape{1, 1, 1, 1}},
                           {"groups", int64_t{1}}});
        of_weights ? attributes.insert({{"kernel", Shape{3, 3}}, {"pad_value", 0.0}})
                   : attributes.insert({{"image", Shape{16, 16}}});
    }
    const Layout layout = of_image ? Layout::ChannelsLast : Layout::Logical;
    const ValueId dy = parameter("dy", images, "", layout);
    std::vector<ValueId> operands{dy, -1};
    if (gradient == kBytes) {
        const ValueId range = graph.add_one("range", "range", {dy});
        operands = {graph.add_one("gradient_codes", "codes", {dy, range}, {{"format", gradient}}), -1, range};
        graph.value(operands[0]).layout = layout;
    }
    if (!of_weights) {
        operands[1] = parameter("w", weights, "sign", Layout::OutputPanels);
        graph.outputs = {graph.add_one(op, "product", operands, attributes)};
        graph.value(graph.outputs[0]).layout = layout;
        graph.nodes.back().group = 0;
        return group;
    }
    operands[1] = parameter("x", images, "sign", Layout::PackedWords);
    const ValueId w = parameter("w", weights, "", Layout::OutputPanels),
                  moment = parameter("m", weights, "", Layout::OutputPanels),
                  rate = graph.add_one("scalar", "rate", {});
    const ValueId product = graph.add_one(op, "product", operands, attributes);
    graph.nodes.back().group = 0;
    const auto next = graph.add("sgd", "sgd", {w, moment, product, rate},
                                {{"momentum", 0.5}, {"scale", 1.0}, {"clip", 0.0}});
    graph.nodes.back().group = 0;
    for (const ValueId id : next) {
        graph.value(id).layout = Layout::OutputPanels;
    }
    graph.updates = {{w, next[0]}, {moment, next[1]}};
    return group;
}

TEST(Instructions, AmxMultipliesGradientsByTwoByTwoTilesInRegisters) {
    const CpuLevel &level = find_level("amx");
    struct Expected {
        const char *op, *gradient, *instruction;
        int loops = 1;
    };
    for (const auto &[op, gradient, instruction, loops] :
         {Expected{"dense_input_gradient", kBytes, "tdpbsud"},
          Expected{"dense_weight_gradient", kBytes, "tdpbusd"},
          Expected{"conv2d_input_gradient", kBytes, "tdpbsud"},
          Expected{"conv2d_weight_gradient", kBytes, "tdpbusd"},
          Expected{"conv2d_weight_gradient", "", "tdpbf16ps"},
          Expected{"dense_input_gradient", "", "tdpbf16ps"},
          Expected{"dense_weight_gradient", "", "tdpbf16ps"},
          Expected{"conv2d_input_gradient", "", "tdpbf16ps", 2},
          Expected{"conv2d_input_gradient", "bfloat16", "tdpbf16ps"}}) {
        SCOPED_TRACE(fmt::format("{} of {}", op, gradient));
        const TestGroup group = gradient_group(op, gradient);
        const std::vector<KernelVariant> variants = kernel_variants(group.graph, 0, {.level = &level});
        EXPECT_EQ(variants.at(0).options.level, &level);
        const std::string code = assembly_of(group, level);
        const std::string loop = hottest_loop(code, "tdpb");
        EXPECT_EQ(count(loop, instruction), 4);
        EXPECT_EQ(count(loop, "tileload"), 4);
        EXPECT_EQ(count(loop, "tilestore"), 0);
        // The last strip of an image may have a loop of its own.
        EXPECT_EQ(count(code, "tilestore"), 4 * loops);
        EXPECT_EQ(count(code, "tileload"), 8 * loops);
    }
}

TEST(Instructions, Avx512MultipliesBytesOfGradientsInRegisters) {
    // Rows or channels by vectors of outputs, and the steps of them that are unrolled; vectors of the one and
    // numbers of the other that are loaded.
    struct Expected {
        const char *op;
        int products, vectors, numbers;
    };
    for (const Expected &e : {Expected{"dense_input_gradient", 20 * 8, 2 * 8, 10 * 8},
                              Expected{"conv2d_input_gradient", 16 * 8, 2 * 8, 8 * 8},
                              Expected{"conv2d_weight_gradient", 16, 2, 8}}) {
        SCOPED_TRACE(e.op);
        const std::string code = assembly_of(gradient_group(e.op), find_level("avx512"));
        const std::string loop = hottest_loop(code, "vpdpbusd");
        EXPECT_EQ(count(loop, "vpdpbusd"), e.products);
        EXPECT_LE(count(loop, "vmovdqu64") + count(loop, "vmovdqa64"), e.vectors);
        EXPECT_EQ(count(loop, "vpbroadcastd"), e.numbers);
        EXPECT_EQ(count(loop, "movz"), 0);
        EXPECT_THAT(loop, Not(testing::HasSubstr("%rsp)")));
    }
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
