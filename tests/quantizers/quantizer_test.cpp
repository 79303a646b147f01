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
double number_of(const Quantizer &quantizer, uint32_t code) { return number_of(quantizer.encoding(), code); }

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

/** The code that is `level` levels above the lowest. */
uint32_t code_of_level(uint32_t level) { return level; }
uint32_t ones(uint32_t level) { return (1U << level) - 1; }

/** The numbers of a grid of `levels` in double, and the nearest of them by search; ties go up. */
void expect_nearest(const Quantizer &quantizer, double low, double high, uint32_t levels,
                    uint32_t (*code_of)(uint32_t) = code_of_level) {
    const uint32_t last = levels - 1;
    std::vector<double> grid;
    for (uint32_t level = 0; level <= last; ++level) {
        grid.push_back(low + (high - low) * level / last);
        EXPECT_NEAR(number_of(quantizer, code_of(level)), grid.back(), 4e-7);
        EXPECT_EQ(quantizer.code(static_cast<float>(grid.back())), code_of(level)) << quantizer.text();
    }
    EXPECT_EQ(number_of(quantizer, code_of(last)), high);
    EXPECT_EQ(number_of(quantizer, 0), low);
    for (int i = -3000; i <= 3000; ++i) {
        const float x = static_cast<float>(i) / 2048;
        uint32_t nearest = 0;
        for (uint32_t level = 1; level <= last; ++level) {
            nearest = std::abs(x - grid[level]) <= std::abs(x - grid[nearest]) ? level : nearest;
        }
        const bool tie = nearest > 0 && std::abs(x - (grid[nearest] + grid[nearest - 1]) / 2) < 1e-6;
        if (!tie) {
            EXPECT_EQ(quantizer.code(x), code_of(nearest)) << quantizer.text() << " of " << x;
        }
    }
    EXPECT_EQ(quantizer.code(kNan), 0U);
    EXPECT_EQ(quantizer.code(kInfinity), code_of(last));
    EXPECT_EQ(quantizer.code(-kInfinity), 0U);
}

TEST(Symmetric, IsTheNearestNumberOfItsGrid) {
    for (int bits = 2; bits <= 8; ++bits) {
        expect_nearest(find_quantizer(fmt::format("symmetric({})", bits)), -1, 1, 1U << bits);
    }
}

TEST(UnsignedUniform, IsTheNearestNumberOfItsGrid) {
    for (int bits = 1; bits <= 8; ++bits) {
        expect_nearest(find_quantizer(fmt::format("unsigned_uniform({})", bits)), 0, 1, 1U << bits);
    }
    const Quantizer quantizer = find_quantizer("unsigned_uniform(3)");
    for (float x : {0.0F, -0.0F, 0.5F, 1.0F}) {
        EXPECT_EQ(quantizer.surrogate(x), 1) << x;
    }
    for (float x : {-1e-45F, std::nextafter(1.0F, 2.0F), kInfinity, -kInfinity, kNan}) {
        EXPECT_EQ(quantizer.surrogate(x), 0) << x;
    }
}

TEST(TwosComplement, IsTheNearestMultipleOfItsStep) {
    for (int bits = 2; bits <= 8; ++bits) {
        const Quantizer quantizer = find_quantizer(fmt::format("twos_complement({})", bits));
        const double step = 2.0 / (1 << bits);
        expect_nearest(quantizer, -1, 1 - step, 1U << bits);
        // LinearQuant as it is written down, with the code of two's complement.
        for (int i = -3000; i <= 3000; ++i) {
            const double x = i / 2048.0;
            const double number = std::fmin(1 - step, std::fmax(-1, std::floor(x / step + 0.5) * step));
            const auto twos = static_cast<uint32_t>(std::lround(number / step)) & ((1U << bits) - 1);
            const uint32_t code = quantizer.code(static_cast<float>(x));
            EXPECT_EQ(number_of(quantizer, code), number) << quantizer.text() << " of " << x;
            EXPECT_EQ(code ^ (1U << (bits - 1)), twos) << quantizer.text() << " of " << x;
        }
    }
}

TEST(Thermometer, HasAsManyOnesAsSteps) {
    for (int bits = 1; bits <= 8; ++bits) {
        const auto steps = static_cast<uint32_t>(bits);
        expect_nearest(find_quantizer(fmt::format("thermometer({})", bits)), -1, 1, steps + 1, ones);
    }
    const Quantizer ternary = find_quantizer("ternary"), two = find_quantizer("thermometer(2)");
    EXPECT_EQ(two.encoding(), ternary.encoding());
    EXPECT_EQ(find_quantizer("thermometer(1)").encoding(), kSign.encoding());
}

/** LogQuant's number as it is written down; `tie` where log2 |x| is too near a threshold for double. */
double log_quant(double x, int powers, bool &tie) {
    const double log = std::log2(std::fabs(x)), exponent = std::floor(log + 0.5);
    tie = x != 0 && std::fabs(log + 0.5 - std::round(log + 0.5)) < 1e-9;
    if (x == 0 || exponent < 1 - powers) {
        return 0;
    }
    return std::copysign(std::fmin(1, std::exp2(exponent)), x);
}

TEST(PowerOfTwo, IsTheNearestByItsLogarithm) {
    for (int bits = 2; bits <= 8; ++bits) {
        const Quantizer quantizer = find_quantizer(fmt::format("power_of_two({})", bits));
        const int powers = (1 << (bits - 1)) - 1;
        std::vector<float> numbers = {0.0F, -0.0F, 1e-45F, FLT_MAX, kInfinity, -kInfinity};
        for (int e = -150; e < 20; ++e) {
            const double middle = std::exp2(e + 0.5);  // no float32 number
            for (double x : {1.0, 1.2, 1.4, 1.43, 1.9}) {
                numbers.push_back(static_cast<float>(std::ldexp(x, e)));
                numbers.push_back(-static_cast<float>(std::ldexp(x, e)));
            }
            numbers.push_back(static_cast<float>(middle));
            numbers.push_back(std::nextafter(static_cast<float>(middle), 0.0F));
            numbers.push_back(std::nextafter(static_cast<float>(middle), kInfinity));
        }
        for (float x : numbers) {
            bool tie = false;
            const double expected = log_quant(x, powers, tie);
            const uint32_t code = quantizer.code(x);
            if (!tie) {
                EXPECT_EQ(number_of(quantizer, code), expected) << quantizer.text() << " of " << x;
            }
            EXPECT_LE(code, 2U * static_cast<uint32_t>(powers));
            EXPECT_EQ(quantizer.code(static_cast<float>(number_of(quantizer, code))), code) << x;
        }
        EXPECT_EQ(quantizer.code(kNan), 0U);
    }
}

TEST(StochasticPowerOfTwo, HasTheNumberAsItsMeanAndDrawsItsNeighbours) {
    const Quantizer quantizer = find_quantizer("stochastic_power_of_two");
    constexpr int kDraws = 1 << 10;
    for (float x :
         {0.0F, 1.0F, 0.3F, -0.75F, 3.0F, -5.99F, 0x1p-63F, 0x1.4p-64F, -0x1p-70F, 1e-45F, 0x1.8p62F}) {
        double sum = 0;
        const double size = std::fabs(x);
        const double below = size < 0x1p-63 ? 0 : std::exp2(std::floor(std::log2(size)));
        const double above = size < 0x1p-63 ? 0x1p-63 : 2 * below;
        for (int i = 0; i < kDraws; ++i) {
            const float u = (static_cast<float>(i) + 0.5F) / kDraws;  // each stratum of [0, 1) once
            const double drawn = number_of(quantizer, quantizer.def->drawn_code(x, u, 8));
            EXPECT_TRUE(std::fabs(drawn) == below || std::fabs(drawn) == above) << x << " gave " << drawn;
            EXPECT_TRUE(drawn == 0 || (drawn < 0) == (x < 0)) << x;
            sum += drawn;
        }
        EXPECT_NEAR(sum / kDraws, x, (above - below) / kDraws) << x;
    }
    for (float u : {0.0F, 0.5F, 1 - 0x1p-24F}) {
        EXPECT_EQ(quantizer.def->drawn_code(0, u, 8), 127U);
        EXPECT_EQ(quantizer.def->drawn_code(kInfinity, u, 8), 254U);
        EXPECT_EQ(quantizer.def->drawn_code(-FLT_MAX, u, 8), 0U);
        EXPECT_EQ(quantizer.def->drawn_code(kNan, u, 8), 0U);
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
    for (const char *name : {"power_of_two", "twos_complement"}) {
        for (int bits : {0, 1, 9, -2}) {
            const std::string text = fmt::format("{}({})", name, bits);
            expect_error([&] { find_quantizer(text); }, {text, "2 to 8 bits"});
        }
    }
    expect_error([] { find_quantizer("thermometer(0)"); }, {"'thermometer(0)'", "1 to 8 bits"});
    expect_error([] { find_quantizer("symmetric"); }, {"'symmetric'", "2 to 8 bits", "symmetric(2)"});
    expect_error([] { find_quantizer("symmetric(9)"); }, {"'symmetric(9)'", "2 to 8 bits"});
    expect_error([] { find_quantizer("symmetric(02)"); }, {"'symmetric(02)'"});
    expect_error([] { find_quantizer("sign(1)"); }, {"'sign(1)'", "one width, 1 bits"});
}

}  // namespace

}  // namespace quantide
