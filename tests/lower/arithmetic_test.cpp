#include "compiler/lower/arithmetic.h"

#include "compiler/codegen/target_rates.h"
#include "compiler/quantizers/quantizer.h"
#include "tests/base/expect_error.h"
#include "tests/lower/run_group.h"

#include <gmock/gmock.h>

namespace quantide {
namespace {

constexpr int kInputs = 1029, kOutputs = 5, kManyOutputs = 512, kRows = 9;

/** Codes [rows, kInputs]: of a row all largest, of a row all 0, the others random. */
Array extreme_codes(const Quantizer &quantizer, int rows, std::mt19937 &random) {
    Array codes = random_array(quantizer.type(), {rows, kInputs}, random);
    const auto bytes = codes.as<uint8_t>();
    const auto last = static_cast<uint8_t>(quantizer.encoding().codes() - 1);
    std::ranges::transform(bytes, bytes.begin(), [&](uint8_t code) { return std::min(code, last); });
    std::fill_n(bytes.begin(), kInputs, last);
    std::fill_n(bytes.begin() + kInputs, kInputs, uint8_t{0});
    return codes;
}

/** A product of codes that asks for an arithmetic, if that is not empty. */
TestGroup product_group(const Quantizer &x_quantizer, const Quantizer &w_quantizer,
                        const std::string &arithmetic, std::mt19937 &random, int outputs = kOutputs) {
    Graph graph;
    const ValueId x = add_input(graph, UInt(8), kInputs);
    graph.value(x).type = x_quantizer.type();
    graph.value(x).encoding = x_quantizer.encoding();
    const ValueId w =
        graph.add_constant("w", extreme_codes(w_quantizer, outputs, random), w_quantizer.encoding());
    const Attributes attributes = arithmetic.empty() ? Attributes{} : Attributes{{"arithmetic", arithmetic}};
    graph.outputs = {graph.add_one("integer_dense", "d", {x, w}, attributes)};
    return {as_one_group(graph), fmt::format("{} x {}", w_quantizer.text(), x_quantizer.text())};
}

bool computes(const TestGroup &group, const CpuLevel &level, const std::string &arithmetic) {
    Node product = group.graph.nodes.back();
    product.attributes.erase("arithmetic");
    const std::vector<ArithmeticCost> costs = arithmetics_of(group.graph, product, {.level = &level});
    return std::any_of(costs.begin(), costs.end(),
                       [&](const ArithmeticCost &cost) { return to_string(cost.arithmetic) == arithmetic; });
}

// The largest sums of 16 bits are those of equal signs throughout.
TEST(Arithmetic, NoSumOverflows) {
    std::mt19937 random(1);
    const std::pair<const char *, const char *> operands[] = {
        {"unsigned_uniform(8)", "symmetric(8)"},    {"unsigned_uniform(8)", "symmetric(7)"},
        {"unsigned_uniform(8)", "symmetric(4)"},    {"unsigned_uniform(8)", "ternary"},
        {"symmetric(7)", "symmetric(8)"},           {"symmetric(7)", "unsigned_uniform(7)"},
        {"symmetric(4)", "symmetric(4)"},           {"unsigned_uniform(3)", "sign"},
        {"unsigned_uniform(8)", "power_of_two(4)"}, {"power_of_two(4)", "symmetric(8)"},
        {"power_of_two(4)", "power_of_two(4)"},     {"symmetric(7)", "power_of_two(4)"},
        {"power_of_two(3)", "power_of_two(2)"},     {"power_of_two(4)", "sign"},
        {"symmetric(7)", "thermometer(8)"},         {"unsigned_uniform(8)", "thermometer(8)"},
        {"thermometer(8)", "symmetric(8)"},
    };
    for (const auto &[x, w] : operands) {
        const Quantizer x_quantizer = find_quantizer(x);
        for (const char *arithmetic : {"bytes", "shorts", "tiles"}) {
            const TestGroup group = product_group(x_quantizer, find_quantizer(w), arithmetic, random);
            for (const CpuLevel &level : all_levels()) {
                if (computes(group, level, arithmetic) && host_runs(level)) {
                    EXPECT_EQ(run_and_compare(group, {.level = &level}, {kRows}, random,
                                              {{"x", extreme_codes(x_quantizer, kRows, random)}}),
                              "")
                        << level.name << ", " << arithmetic << ", " << group.what;
                }
            }
        }
    }
}

TEST(Arithmetic, IsTheFastestByTheRates) {
    std::mt19937 random(2);
    const CpuLevel &level = find_level("avx2");
    const auto chosen = [&](int w, int x, std::optional<int64_t> batch, int outputs = kManyOutputs) {
        const auto quantizer = [](int bits) {
            return find_quantizer(bits == 1 ? "sign" : fmt::format("symmetric({})", bits));
        };
        const TestGroup group = product_group(quantizer(x), quantizer(w), "", random, outputs);
        return arithmetics_of(group.graph, group.graph.nodes.back(), {.level = &level, .batch = batch});
    };
    for (const std::optional<int64_t> batch : {std::optional<int64_t>(), std::optional<int64_t>(1)}) {
        EXPECT_EQ(chosen(1, 1, batch).front().arithmetic, Arithmetic::Popcount);
        EXPECT_EQ(chosen(1, 2, batch).front().arithmetic, Arithmetic::Popcount);
        EXPECT_EQ(chosen(2, 2, batch).front().arithmetic, Arithmetic::Popcount);
    }
    EXPECT_EQ(chosen(4, 4, {}).front().arithmetic, Arithmetic::Bytes);
    EXPECT_EQ(chosen(2, 2, 1000).front().arithmetic, Arithmetic::Bytes);
    // Making bytes of the inputs does not pay for few outputs.
    EXPECT_EQ(chosen(2, 2, 1000, kOutputs).front().arithmetic, Arithmetic::Popcount);
    EXPECT_EQ(chosen(1, 8, {}).size(), 2U);
    EXPECT_EQ(chosen(1, 8, {}).front().arithmetic, Arithmetic::Bytes);
    EXPECT_EQ(chosen(8, 8, 1000).front().arithmetic, Arithmetic::Shorts);
    EXPECT_EQ(chosen(8, 8, 1).front().arithmetic, Arithmetic::Shorts);
    use_machine({{"avx2", {{"popcount", 75000}}}});
    EXPECT_EQ(chosen(4, 4, {}).front().arithmetic, Arithmetic::Popcount);
    use_machine(shipped_machine());
    EXPECT_EQ(chosen(4, 4, {}).front().arithmetic, Arithmetic::Bytes);
}

TEST(Arithmetic, HasAKernelForFewAndOneForManyWhereThatPays) {
    std::mt19937 random(4);
    const CpuLevel &level = find_level("avx2");
    const auto variants = [&](const char *quantizer, const char *arithmetic, std::optional<int64_t> batch) {
        const TestGroup group = product_group(find_quantizer(quantizer), find_quantizer(quantizer),
                                              arithmetic, random, kManyOutputs);
        return kernel_variants(group.graph, 0, {.level = &level, .batch = batch});
    };
    const std::vector<KernelVariant> two = variants("symmetric(2)", "", {});
    ASSERT_EQ(two.size(), 2U);
    EXPECT_EQ(two[0].least_batch, 1);
    EXPECT_GT(two[1].least_batch, 1);
    const TestGroup group = product_group(find_quantizer("symmetric(2)"), find_quantizer("symmetric(2)"), "",
                                          random, kManyOutputs);
    const Node &product = group.graph.nodes.back();
    EXPECT_EQ(choose_arithmetic(group.graph, product, two[0].options), Arithmetic::Popcount);
    EXPECT_EQ(choose_arithmetic(group.graph, product, two[1].options), Arithmetic::Bytes);
    EXPECT_EQ(variants("symmetric(2)", "", 9).size(), 1U);
    EXPECT_EQ(variants("symmetric(2)", "bytes", {}).size(), 1U);
    EXPECT_EQ(variants("sign", "", {}).size(), 1U);
}

TEST(Arithmetic, KernelsWithoutTilesAreThoseOfTheLevelBelow) {
    std::mt19937 random(5);
    const CpuLevel &amx = find_level("amx"), &avx512 = find_level("avx512");
    const TestGroup tiles =
        product_group(find_quantizer("symmetric(4)"), find_quantizer("sign"), "tiles", random);
    EXPECT_EQ(kernel_variants(tiles.graph, 0, {.level = &amx})[0].options.level, &amx);
    const TestGroup popcounts =
        product_group(find_quantizer("sign"), find_quantizer("sign"), "popcount", random);
    EXPECT_EQ(kernel_variants(popcounts.graph, 0, {.level = &amx})[0].options.level, &avx512);
    expect_error([&] { lower_group(tiles.graph, 0, {.level = &avx512}); },
                 {"'d'", "found 'tiles'", "avx512"});
    const TestGroup shorts = product_group(find_quantizer("sign"), find_quantizer("sign"), "shorts", random);
    expect_error([&] { lower_group(shorts.graph, 0, {.level = &find_level("neon")}); },
                 {"'d'", "popcount, bytes", "found 'shorts'", "neon"});
}

TEST(Arithmetic, RefusesWhatTheOperandsCannot) {
    std::mt19937 random(3);
    for (const CpuLevel &level : all_levels()) {
        for (const auto &[x, w] : {std::pair{"unsigned_uniform(8)", "sign"},
                                   {"sign", "unsigned_uniform(2)"},
                                   {"power_of_two(2)", "sign"},
                                   {"sign", "power_of_two(2)"}}) {
            const TestGroup group = product_group(find_quantizer(x), find_quantizer(w), "popcount", random);
            expect_error([&] { lower_group(group.graph, 0, {.level = &level}); },
                         {"'d'", "bytes", "found 'popcount'", level.name});
        }
    }
}

TEST(TargetRates, AreReadAndWritten) {
    const Machine machine{{"avx2", {{"popcount", 812.5}, {"maddubs", 300}}},
                          {"neon", {{"table look-up", 7}}}};
    EXPECT_EQ(parse_machine(print_machine(machine, "a CPU"), "m"), machine);
    EXPECT_EQ(parse_machine("\n# only comments\n\n", "m"), Machine());
    const std::pair<const char *, const char *> bad[] = {
        {"avx2 fast popcount", "m:1"},     {"avx2 1", "m:1"},
        {"\navx2 -5 popcount", "m:2"},     {"avx2 nan popcount", "positive rate"},
        {"sse9 100 popcount", "baseline"}, {"avx2 100 vnni", "maddubs"},
        {"avx2 inf popcount", "m:1"},      {"avx2 0 popcount", "m:1"},
    };
    for (const auto &[text, message] : bad) {
        expect_error([&] { parse_machine(text, "m"); }, {message});
    }
}

}  // namespace
}  // namespace quantide
