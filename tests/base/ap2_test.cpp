#include "compiler/base/ap2.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

namespace quantide {

namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

TEST(Ap2, IsTheNearestPowerInTheLogDomain) {
    std::mt19937 random(1);
    for (int i = 0; i < 200000; ++i) {
        const auto x = std::bit_cast<float>(static_cast<uint32_t>(random()));
        if (!std::isnormal(x) || std::fabs(x) > 1.41421354F * 0x1p127F) {
            continue;
        }
        const double expected = std::copysign(std::exp2(std::round(std::log2(std::fabs(double{x})))), x);
        ASSERT_EQ(double{ap2(x)}, expected) << x;
    }
}

TEST(Ap2, StepsAtTheSquareRootOfTwo) {
    const float below = 0x1.6a09e6p0F, above = std::nextafter(below, 2.0F);
    ASSERT_LT(double{below} * double{below}, 2);
    ASSERT_GT(double{above} * double{above}, 2);
    for (int exponent = -126; exponent <= 127; ++exponent) {
        const float power = std::ldexp(1.0F, exponent);
        for (const float sign : {1.0F, -1.0F}) {
            EXPECT_EQ(ap2(sign * power), sign * power);
            EXPECT_EQ(ap2(sign * std::ldexp(below, exponent)), sign * power);
            EXPECT_EQ(ap2(sign * std::ldexp(above, exponent)), sign * 2 * power);
            EXPECT_EQ(ap2(sign * std::nextafter(2 * power, 0.0F)), sign * 2 * power);
        }
    }
}

TEST(Ap2, OfTheRestIsDefined) {
    EXPECT_EQ(ap2(0.0F), 0);
    EXPECT_TRUE(std::signbit(ap2(-0.0F)));
    const float denormal = std::nextafter(0x1p-126F, 0.0F);
    for (const float x : {denormal, 0x1p-127F, std::numeric_limits<float>::denorm_min()}) {
        EXPECT_EQ(ap2(x), 0);
        EXPECT_EQ(ap2(-x), 0);
    }
    EXPECT_EQ(ap2(std::numeric_limits<float>::max()), kInfinity);
    EXPECT_EQ(ap2(kInfinity), kInfinity);
    EXPECT_EQ(ap2(-kInfinity), -kInfinity);
    EXPECT_TRUE(std::isnan(ap2(std::numeric_limits<float>::quiet_NaN())));
    EXPECT_TRUE(std::isnan(ap2(-std::numeric_limits<float>::signaling_NaN())));
}

}  // namespace

}  // namespace quantide
