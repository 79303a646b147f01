#include "tests/lower/run_group.h"

#include <gmock/gmock.h>

namespace quantide {
namespace {

const std::vector<int> kSizes = {1, 3, 31, 32, 33, 63, 64, 65, 127, 128, 129};
const std::vector<int> kBatches = {1, 2, 3, 7, 10, 11, 41};

/** One row: what is multiplied and what follows. */
struct Family {
    ElementType x;
    bool sign_weights;
    const char *epilogue;
};

const Family kFamilies[] = {
    {UInt(1), true, "threshold"},
    {UInt(1), true, ""},
    {UInt(1), true, "dequantize+batch_norm"},
    {UInt(1), true, "dequantize+batch_norm+quantize"},
    {UInt(8), true, "threshold"},
    {UInt(8), true, ""},
    {UInt(8), true, "dequantize+batch_norm"},
    {Float(32), false, ""},
    {Float(32), false, "batch_norm+hardtanh"},
    {Float(32), false, "batch_norm+quantize"},
    {Float(32), true, "batch_norm+hardtanh+quantize"},
    {UInt(8), false, "hardtanh"},
};

class DenseLower : public testing::TestWithParam<Family> {};

void PrintTo(const Family &f, std::ostream *out) {
    *out << to_string(f.x) << " x " << (f.sign_weights ? "u1" : "f32") << " + " << f.epilogue;
}

/** Pairs of sizes: all, or a sample that has every size in each place at least once over all families. */
std::vector<std::pair<int, int>> size_pairs(std::mt19937 &random) {
    std::vector<int> inputs = kSizes;
    inputs.insert(inputs.end(), {256, 784, 1100});
    std::vector<std::pair<int, int>> all;
    for (int m : kSizes) {
        for (int k : inputs) {
            all.emplace_back(m, k);
        }
    }
    std::shuffle(all.begin(), all.end(), random);
    if (!test_all()) {
        all.resize(4);
    }
    return all;
}

TEST_P(DenseLower, EqualsTheInterpreterBitForBit) {
    const Family &family = GetParam();
    for (const CpuLevel &level : all_levels()) {
        if (!host_runs(level)) {
            continue;
        }
        const uint32_t seed =
            static_cast<uint32_t>(&family - kFamilies) + 100 * static_cast<uint32_t>(level.name[0]);
        std::mt19937 random(seed);
        for (const auto &[outputs, inputs] : size_pairs(random)) {
            const DenseCase c{outputs, inputs, family.x, family.sign_weights, family.epilogue};
            EXPECT_EQ(run_and_compare(dense_group(c, random), {.level = &level}, kBatches, random), "")
                << "seed " << seed;
        }
    }
}

INSTANTIATE_TEST_SUITE_P(Families, DenseLower, testing::ValuesIn(kFamilies));

TEST(DenseLower, TakesAKnownBatch) {
    std::mt19937 random(1);
    for (const ElementType &x : {UInt(1), Float(32)}) {
        for (int batch : {1, 2, 6, 10, 41}) {
            const TestGroup group = dense_group({65, 127, x, x == UInt(1), ""}, random);
            EXPECT_EQ(run_and_compare(group, {.level = &host_level(), .batch = batch}, {batch}, random), "");
        }
    }
}

TEST(DenseLower, DoesNotDependOnThreads) {
    std::mt19937 random(2);
    for (const char *epilogue : {"threshold", "dequantize+batch_norm"}) {
        for (const ElementType &x : {UInt(1), UInt(8)}) {
            const TestGroup group = dense_group({129, 65, x, true, epilogue}, random);
            EXPECT_EQ(run_and_compare(group, {.level = &host_level(), .parallel = true}, kBatches, random),
                      "");
        }
    }
}

TEST(DenseLower, BlocksOfFloatInputsKeepTheOrderOfSums) {
    std::mt19937 random(6);
    const std::vector<int> batches = {1, 2, 3, 4, 5, 7, 126, 127, 128, 129, 245};
    for (const CpuLevel &level : all_levels()) {
        for (const char *epilogue : {"", "batch_norm+quantize"}) {
            for (const int inputs : {256, 257, 1023}) {
                const TestGroup group = dense_group({37, inputs, Float(32), false, epilogue}, random);
                if (host_runs(level)) {
                    EXPECT_EQ(run_and_compare(group, {.level = &level}, batches, random), "");
                }
            }
        }
    }
}

TEST(DenseLower, TakesManyInputs) {
    std::mt19937 random(5);
    for (const ElementType &x : {UInt(1), UInt(8)}) {
        const TestGroup group = dense_group({3, 100'001, x, true, "threshold"}, random);
        EXPECT_EQ(run_and_compare(group, {.level = &host_level()}, {1, 9}, random), "");
    }
    const TestGroup group = dense_group({1, (1 << 20) + 1, UInt(8), true, ""}, random);
    EXPECT_THROW(lower_group(group.graph, 0, {.level = &host_level()}), CompileError);
}

TEST(DenseLower, TakesTheExtremesOfItsOperands) {
    std::mt19937 random(3);
    TestGroup group = dense_group({33, 784, UInt(8), true, "dequantize+batch_norm"}, random);
    for (auto &[id, numbers] : group.graph.constants) {
        if (group.graph.value(id).name == "weight") {
            Array extreme = *numbers;
            const float kinds[] = {0.0F, -0.0F, 1e-42F, 1e38F, -1e38F};
            for (size_t i = 0; i < extreme.floats().size(); ++i) {
                extreme.floats()[i] = kinds[i % std::size(kinds)];
            }
            numbers = std::make_shared<const Array>(extreme);
        }
    }
    EXPECT_EQ(run_and_compare(group, {.level = &host_level()}, {1, 7}, random), "");
}

}  // namespace
}  // namespace quantide
