#include "compiler/base/philox.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

namespace quantide {

namespace {

using testing::ElementsAre;

// The known answers of the Random123 library.
TEST(Philox, GivesTheKnownAnswers) {
    EXPECT_THAT(philox({0, 0, 0, 0}, {0, 0}), ElementsAre(0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8));
    constexpr uint32_t kOnes = 0xffffffff;
    EXPECT_THAT(philox({kOnes, kOnes, kOnes, kOnes}, {kOnes, kOnes}),
                ElementsAre(0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd));
    EXPECT_THAT(philox({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}),
                ElementsAre(0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1));
}

TEST(RandomStream, IsThePhiloxOfItsCoordinates) {
    const RandomStream random{0x0123456789abcdef, 7, 9};
    const auto block = philox({2, 0, 7, 9}, {0x89abcdef, 0x01234567});
    for (uint32_t i = 0; i < 4; ++i) {
        EXPECT_EQ(random(8 + i), block[i]);
    }
    EXPECT_EQ(random((uint64_t{1} << 34) + 1), philox({0, 1, 7, 9}, {0x89abcdef, 0x01234567})[1]);
}

TEST(RandomStream, DiffersInEachCoordinate) {
    std::set<uint32_t> words;
    const RandomStream streams[] = {{0, 0, 0}, {1, 0, 0}, {uint64_t{1} << 32, 0, 0}, {0, 1, 0}, {0, 0, 1}};
    for (const RandomStream &random : streams) {
        for (uint64_t i = 0; i < 100; ++i) {
            words.insert(random(i));
        }
    }
    EXPECT_EQ(words.size(), 500U);
}

TEST(Uniform, CoversItsRangeAndNoMore) {
    EXPECT_EQ(uniform(0), 0.0F);
    EXPECT_EQ(uniform(0xffffffff), 1 - 0x1p-24F);
    EXPECT_EQ(uniform_symmetric(0), -1 + 0x1p-23F);
    EXPECT_EQ(uniform_symmetric(0xffffffff), 1 - 0x1p-23F);
    EXPECT_EQ(uniform_symmetric(0x7fffffff), -uniform_symmetric(0x80000000));
    EXPECT_LT(uniform_symmetric(0x7fffffff), 0.0F);
}

TEST(Uniform, HasTheMeanAndVarianceOfTheUniformDistribution) {
    const RandomStream random{1, 2, 3};
    constexpr int kCount = 1 << 16;
    double sum = 0;
    double squares = 0;
    for (uint64_t i = 0; i < kCount; ++i) {
        const double x = uniform_symmetric(random(i));
        sum += x;
        squares += x * x;
    }
    // Five standard errors: the mean's is sqrt(1/3 / n), that of the mean square sqrt((1/5 - 1/9) / n).
    EXPECT_NEAR(sum / kCount, 0, 5 * std::sqrt(1.0 / 3 / kCount));
    EXPECT_NEAR(squares / kCount, 1.0 / 3, 5 * std::sqrt(4.0 / 45 / kCount));
}

TEST(Permutation, HoldsEachNumberOnce) {
    for (int32_t n : {0, 1, 2, 3, 63, 64, 65, 1000}) {
        std::vector<int32_t> order = permutation(n, 5, 6);
        std::sort(order.begin(), order.end());
        std::vector<int32_t> expected(static_cast<size_t>(n));
        std::iota(expected.begin(), expected.end(), 0);
        EXPECT_EQ(order, expected);
    }
}

TEST(Permutation, DependsOnSeedAndEpochAlone) {
    EXPECT_EQ(permutation(100, 1, 2), permutation(100, 1, 2));
    EXPECT_NE(permutation(100, 1, 2), permutation(100, 1, 3));
    EXPECT_NE(permutation(100, 1, 2), permutation(100, 2, 2));
}

TEST(Permutation, GivesEveryOrderEquallyOften) {
    std::map<std::vector<int32_t>, int> counts;
    constexpr int kCount = 24000;
    for (uint32_t epoch = 0; epoch < kCount; ++epoch) {
        ++counts[permutation(4, 1, epoch)];
    }
    ASSERT_EQ(counts.size(), 24U);
    double chi_square = 0;
    for (const auto &[order, count] : counts) {
        chi_square += (count - 1000.0) * (count - 1000.0) / 1000;
    }
    EXPECT_LT(chi_square, 49.7);  // 23 degrees of freedom, 0.1 %
}

}  // namespace

}  // namespace quantide
