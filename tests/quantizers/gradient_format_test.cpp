#include "compiler/quantizers/gradient_format.h"

#include "tests/base/expect_error.h"

#include <gmock/gmock.h>

#include <array>
#include <cmath>
#include <limits>
#include <set>

namespace quantide {

namespace {

/** Every format of codes, at every width. */
std::vector<GradientFormat> all_formats() {
    std::vector<GradientFormat> formats;
    for (const GradientFormatDef &row : all_gradient_formats()) {
        for (int bits = row.least_bits; bits <= row.most_bits && row.grid != nullptr; ++bits) {
            formats.push_back({&row, bits});
        }
    }
    return formats;
}

struct Range {
    float low, high;
};
const Range kRanges[] = {{-1, 1},  {-0.75F, 3},  {-5e-9F, 2e-9F}, {0, 0.1F},
                         {-7, -2}, {0.3F, 0.3F}, {-1e20F, 3e19F}};

/** Numbers between the ends, both included, and 0 where it lies there. */
std::vector<float> numbers_in(const Range &range) {
    std::vector<float> numbers{range.low, range.high};
    for (int i = 1; i < 40; ++i) {
        numbers.push_back(range.low + (range.high - range.low) * static_cast<float>(i) / 40);
    }
    if (range.low <= 0 && range.high >= 0) {
        numbers.insert(numbers.end(), {0.0F, range.high * 1e-4F, range.low * 1e-4F});
    }
    return numbers;
}

double value(int32_t code, const GradientGrid &grid) {
    return static_cast<double>(grid.scale) * (int64_t{code} - grid.zero);
}

TEST(GradientFormat, DrawsNumbersWhoseMeanIsTheGradient) {
    constexpr int kDraws = 512;
    for (const GradientFormat &format : all_formats()) {
        for (const Range &range : kRanges) {
            SCOPED_TRACE(fmt::format("{} in [{}, {}]", format.text(), range.low, range.high));
            const GradientGrid grid = format.grid(std::array{range.low, range.high});
            for (const float x : numbers_in(range)) {
                double mean = 0;
                std::set<int32_t> drawn;
                for (int i = 0; i < kDraws; ++i) {
                    const float u = (static_cast<float>(i) + 0.5F) / kDraws;
                    const int32_t code = format.code(x, u, grid);
                    ASSERT_LE(std::abs(int64_t{code} - grid.zero), format.largest());
                    drawn.insert(code);
                    mean += value(code, grid) / kDraws;
                }
                ASSERT_LE(drawn.size(), format.stochastic() ? 2 : 1);
                const double step = std::fabs(value(format.code(x, 0, grid), grid) -
                                              value(format.code(x, 1 - 0x1p-24F, grid), grid));
                // One draw more or fewer may go up; t has an error of its own in float32.
                const double bound = format.stochastic()
                                         ? step / kDraws + std::fabs(static_cast<double>(x)) * 0x1p-22
                                         : static_cast<double>(grid.scale) / 2;
                // Of dynamic fixed point the number next to a power of two is clipped.
                const bool clipped =
                    !format.stochastic() && std::abs(int64_t{*drawn.begin()}) == format.largest();
                ASSERT_NEAR(mean, static_cast<double>(x), clipped ? 2 * bound : bound) << x;
            }
        }
    }
}

TEST(GradientFormat, KeepsZeroAndTheSign) {
    for (const GradientFormat &format : all_formats()) {
        for (const Range &range : kRanges) {
            const GradientGrid grid = format.grid(std::array{range.low, range.high});
            for (const float u : {0.0F, 0.5F, 1 - 0x1p-24F}) {
                EXPECT_EQ(format.code(0, u, grid), grid.zero) << format.text();
                EXPECT_GE(format.code(range.high, u, grid), format.code(range.low, u, grid));
            }
        }
    }
}

TEST(GradientFormat, TakesCodesOfItsType) {
    for (const GradientFormat &format : all_formats()) {
        const int bits = format.type().bits;
        if (format.type().kind == ElementType::Kind::UInt) {
            EXPECT_EQ(format.largest(), (int64_t{1} << bits) - 1);
        } else {
            EXPECT_LT(format.largest(), int64_t{1} << (bits - 1)) << format.text();
        }
    }
    EXPECT_EQ(find_gradient_format("stochastic_uniform(6)").largest(), 31);
    EXPECT_EQ(find_gradient_format("stochastic_log_quant(4)").largest(), 64);
    EXPECT_EQ(find_gradient_format("dynamic_fixed_point(16)").largest(), 32767);
    EXPECT_EQ(find_gradient_format("bifurcated_int8").of_weights().text(), "dynamic_fixed_point(16)");
    EXPECT_EQ(find_gradient_format("stochastic_int8").of_weights().text(), "stochastic_int8");
}

TEST(GradientFormat, HasTheGridOfItsPaper) {
    // fix(x, NOB, NOIB) with NOB = 9 and max |x| = 5 < 2^3: p = 2^(9 - 3).
    const GradientFormat fixed = find_gradient_format("dynamic_fixed_point(10)");
    const GradientGrid grid = fixed.grid(std::array{-5.0F, 1.0F});
    EXPECT_EQ(grid.scale, 1.0F / 64);
    EXPECT_EQ(fixed.code(0.3F, 0, grid), 19);
    EXPECT_EQ(fixed.code(-2.5F / 64, 0, grid), -2);
    const GradientFormat power = find_gradient_format("stochastic_log_quant(4)");
    EXPECT_EQ(power.grid(std::array{-5.0F, 1.0F}).scale, 8.0F / 64);
    EXPECT_EQ(power.code(-3, 0.4F, power.grid(std::array{-5.0F, 1.0F})), -32);
    EXPECT_EQ(power.code(-3, 0.6F, power.grid(std::array{-5.0F, 1.0F})), -16);
}

TEST(GradientFormat, ShowsWhatHasNoGrid) {
    constexpr float kInfinity = std::numeric_limits<float>::infinity(),
                    kNaN = std::numeric_limits<float>::quiet_NaN();
    for (const GradientFormat &format : all_formats()) {
        for (const Range &range : {Range{0, 0}, Range{-0.0F, 0}, Range{-1e-30F, 1e-30F}, Range{0, 1e-45F}}) {
            const GradientGrid grid = format.grid(std::array{range.low, range.high});
            EXPECT_EQ(grid.scale, 0) << format.text();
            EXPECT_EQ(format.code(range.high, 0, grid), grid.zero);
        }
        for (const Range &range :
             {Range{kNaN, kNaN}, Range{-kInfinity, 1}, Range{0, kInfinity}, Range{-3e38F, 3e38F}}) {
            const GradientGrid grid = format.grid(std::array{range.low, range.high});
            EXPECT_TRUE(std::isnan(grid.scale)) << format.text();
            EXPECT_EQ(format.code(range.high, 0, grid), grid.zero);
        }
    }
}

TEST(GradientFormat, RefusesUnknownNamesAndWidths) {
    expect_error([] { find_gradient_format("sign"); },
                 {"'sign'", "float32, bfloat16, stochastic_uniform(2..8)"});
    expect_error([] { find_gradient_format("stochastic_uniform"); },
                 {"2 to 8 bits", "stochastic_uniform(8)"});
    expect_error([] { find_gradient_format("dynamic_fixed_point(17)"); }, {"2 to 16 bits"});
    expect_error([] { find_gradient_format("stochastic_int8(8)"); }, {"8 to 8 bits, as in stochastic_int8"});
}

TEST(Bfloat16, RoundsToNearestEven) {
    EXPECT_EQ(round_to_bfloat16(1 + 0x1p-8F), 1);
    EXPECT_EQ(round_to_bfloat16(1 + 0x3p-8F), 1 + 0x1p-6F);
    EXPECT_EQ(round_to_bfloat16(1 + 0x1p-8F + 0x1p-20F), 1 + 0x1p-7F);
    EXPECT_EQ(round_to_bfloat16(-3), -3);
    EXPECT_EQ(round_to_bfloat16(std::numeric_limits<float>::max()), std::numeric_limits<float>::infinity());
    EXPECT_TRUE(std::isnan(round_to_bfloat16(std::numeric_limits<float>::quiet_NaN())));
    EXPECT_TRUE(std::signbit(round_to_bfloat16(-0.0F)));
}

}  // namespace

}  // namespace quantide
