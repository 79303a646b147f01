#include "compiler/quantizers/quantizer.h"

#include "compiler/ops/op.h"
#include "tests/base/expect_error.h"

#include <fmt/format.h>

#include <cfloat>
#include <cmath>
#include <limits>

namespace quantide {

namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

const Quantizer kSign = find_quantizer("sign");

/** The number of a code. */
double number_of(const Quantizer &quantizer, uint32_t code) {
    const IntegerView view = integer_view(quantizer.encoding());
    return static_cast<float>(view(code)) * view.scale + view.offset;
}

TEST(Sign, IsPlusOneFromMinusZeroUp) {
    for (float x : {0.0F, -0.0F, 1e-45F, FLT_MIN, 0.5F, 1.0F, FLT_MAX, kInfinity}) {
        EXPECT_EQ(kSign.code(x), 1U) << x;
    }
    for (float x : {-1e-45F, -FLT_MIN, -0.5F, -1.0F, -FLT_MAX, -kInfinity, kNan, -kNan}) {
        EXPECT_EQ(kSign.code(x), 0U) << x;
    }
}

TEST(Sign, StandsForPlusAndMinusOne) {
    const IntegerView view = integer_view(kSign.encoding());
    EXPECT_EQ(view.scale * static_cast<float>(view(1)) + view.offset, 1);
    EXPECT_EQ(view.scale * static_cast<float>(view(0)) + view.offset, -1);
}

TEST(Sign, PassesGradientsWithinTheWindow) {
    for (float x : {0.0F, -0.0F, 0.5F, -0.5F, 1.0F, -1.0F}) {
        EXPECT_EQ(kSign.surrogate(x), 1) << x;
    }
    for (float x :
         {std::nextafter(1.0F, 2.0F), std::nextafter(-1.0F, -2.0F), 7.0F, kInfinity, -kInfinity, kNan}) {
        EXPECT_EQ(kSign.surrogate(x), 0) << x;
    }
}

TEST(Ternary, IsTheNearestOfThreeNumbers) {
    const Quantizer ternary = find_quantizer("ternary");
    const std::pair<float, double> expected[] = {
        {0.5F, 1},   {kInfinity, 1}, {std::nextafter(0.5F, 0.0F), 0},
        {0, 0},      {-0.0F, 0},     {std::nextafter(-0.5F, 0.0F), 0},
        {-0.5F, -1}, {-3, -1},       {kNan, -1}};
    for (const auto &[x, number] : expected) {
        EXPECT_EQ(number_of(ternary, ternary.code(x)), number) << x;
    }
}

TEST(StochasticTernary, HasTheClippedNumberAsItsMean) {
    const Quantizer quantizer = find_quantizer("stochastic_ternary");
    for (float x : {0.0F, 0.3F, -0.75F, 1.0F, -1.0F, 5.0F, -5.0F}) {
        double sum = 0;
        constexpr int kDraws = 1 << 12;
        for (int i = 0; i < kDraws; ++i) {
            const float u = (static_cast<float>(i) + 0.5F) / kDraws;  // each stratum of [0, 1) once
            sum += number_of(quantizer, quantizer.def->drawn_code(x, u, 2));
        }
        EXPECT_NEAR(sum / kDraws, std::fmin(1, std::fmax(-1, x)), 1.0 / kDraws) << x;
    }
}

/** The grid's numbers in double, and the nearest of them by search; ties go up. */
void expect_nearest(const Quantizer &quantizer, double low, double high) {
    const uint32_t last = (1U << quantizer.bits) - 1;
    std::vector<double> grid;
    for (uint32_t code = 0; code <= last; ++code) {
        grid.push_back(low + (high - low) * code / last);
        EXPECT_NEAR(number_of(quantizer, code), grid.back(), 4e-7);
        EXPECT_EQ(quantizer.code(static_cast<float>(grid.back())), code) << quantizer.text();
    }
    EXPECT_EQ(number_of(quantizer, last), high);
    EXPECT_EQ(number_of(quantizer, 0), low);
    for (int i = -3000; i <= 3000; ++i) {
        const float x = static_cast<float>(i) / 2048;
        uint32_t nearest = 0;
        for (uint32_t code = 1; code <= last; ++code) {
            nearest = std::abs(x - grid[code]) <= std::abs(x - grid[nearest]) ? code : nearest;
        }
        const bool tie = nearest > 0 && std::abs(x - (grid[nearest] + grid[nearest - 1]) / 2) < 1e-6;
        if (!tie) {
            EXPECT_EQ(quantizer.code(x), nearest) << quantizer.text() << " of " << x;
        }
    }
    EXPECT_EQ(quantizer.code(kNan), 0U);
    EXPECT_EQ(quantizer.code(kInfinity), last);
    EXPECT_EQ(quantizer.code(-kInfinity), 0U);
}

TEST(Symmetric, IsTheNearestNumberOfItsGrid) {
    for (int bits = 2; bits <= 8; ++bits) {
        expect_nearest(find_quantizer(fmt::format("symmetric({})", bits)), -1, 1);
    }
}

TEST(UnsignedUniform, IsTheNearestNumberOfItsGrid) {
    for (int bits = 1; bits <= 8; ++bits) {
        expect_nearest(find_quantizer(fmt::format("unsigned_uniform({})", bits)), 0, 1);
    }
    const Quantizer quantizer = find_quantizer("unsigned_uniform(3)");
    for (float x : {0.0F, -0.0F, 0.5F, 1.0F}) {
        EXPECT_EQ(quantizer.surrogate(x), 1) << x;
    }
    for (float x : {-1e-45F, std::nextafter(1.0F, 2.0F), kInfinity, -kInfinity, kNan}) {
        EXPECT_EQ(quantizer.surrogate(x), 0) << x;
    }
}

TEST(Quantizers, AreWholeRows) {
    for (const Quantizer &quantizer : all_widths()) {
        SCOPED_TRACE(quantizer.text());
        const QuantizerDef &row = *quantizer.def;
        const Quantizer found = find_quantizer(quantizer.text());
        EXPECT_EQ(found.def, &row);
        EXPECT_EQ(found.bits, quantizer.bits);
        EXPECT_EQ(quantizer.encoding().planes(), quantizer.bits);
        EXPECT_NE(std::string(row.summary), "");
        EXPECT_NE(row.surrogate, nullptr);
        uint32_t last = 0;
        for (float x : {kNan, -kInfinity, -1.0F, -0.6F, -0.0F, 0.3F, 0.6F, FLT_MAX, kInfinity}) {
            const uint32_t code = quantizer.code(x);
            EXPECT_LT(code, 1U << quantizer.bits);
            EXPECT_GE(code, last) << x;
            EXPECT_GE(number_of(quantizer, code), number_of(quantizer, last)) << x;
            last = code;
        }
        if (row.deployed != nullptr) {
            const Quantizer deployed = quantizer.deployed();
            EXPECT_EQ(deployed.encoding(), quantizer.encoding());
            EXPECT_EQ(deployed.type(), quantizer.type());
            EXPECT_FALSE(deployed.stochastic());
            for (float x : {-kInfinity, -1.0F, -1e-45F, -0.0F, 0.0F, 0.3F, kInfinity, kNan}) {
                EXPECT_EQ(deployed.code(x), quantizer.code(x)) << x;
            }
        }
        if (row.float_activation != nullptr) {
            EXPECT_NO_THROW(find_op(row.float_activation));
        }
    }
}

TEST(Quantizers, SayWhichThereAre) {
    expect_error([] { find_quantizer("signum"); }, {"unknown quantizer 'signum'", "sign", "symmetric(2..8)"});
    expect_error([] { find_quantizer("symmetric"); }, {"'symmetric'", "2 to 8 bits", "symmetric(2)"});
    expect_error([] { find_quantizer("symmetric(9)"); }, {"'symmetric(9)'", "2 to 8 bits"});
    expect_error([] { find_quantizer("symmetric(02)"); }, {"'symmetric(02)'"});
    expect_error([] { find_quantizer("sign(1)"); }, {"'sign(1)'", "one width, 1 bits"});
}

}  // namespace

}  // namespace quantide
