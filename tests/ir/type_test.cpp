#include "compiler/ir/type.h"

#include "tests/base/expect_error.h"

#include <gtest/gtest.h>

namespace quantide {

namespace {

TEST(Type, PrintsKindAndBits) {
    EXPECT_EQ(to_string(Float(32)), "f32");
    EXPECT_EQ(to_string(Int(64)), "i64");
    EXPECT_EQ(to_string(UInt(1)), "u1");
    EXPECT_EQ(to_string(Shape{kBatch, 3}), "[N, 3]");
    EXPECT_EQ(to_string(Shape{}), "[]");
}

TEST(Type, ACodeTakesAByte) {
    EXPECT_EQ(UInt(1).bytes(), 1);
    EXPECT_EQ(UInt(4).bytes(), 1);
    EXPECT_EQ(UInt(8).bytes(), 1);
    EXPECT_EQ(Int(32).bytes(), 4);
    EXPECT_EQ(Int(64).bytes(), 8);
}

TEST(ElementCount, MultipliesAndFillsInTheBatch) {
    EXPECT_EQ(element_count({}, 1, "x"), 1);
    EXPECT_EQ(element_count({7}, 1, "x"), 7);
    EXPECT_EQ(element_count({kBatch, 3}, 5, "x"), 15);
    EXPECT_EQ(element_count({int64_t{1} << 25, int64_t{1} << 25}, 1, "x"), int64_t{1} << 50);
}

TEST(ElementCount, RefusesWhatIsNotPositive) {
    expect_error([] { element_count({3, 0}, 1, "layer 'a'"); }, {"layer 'a'", "positive", "[3, 0]"});
    expect_error([] { element_count({-2, 3}, 1, "layer 'a'"); }, {"layer 'a'", "positive", "[-2, 3]"});
    expect_error([] { element_count({kBatch, 3}, 0, "layer 'a'"); }, {"layer 'a'", "[N, 3]"});
    expect_error([] { element_count({INT64_MIN}, 1, "layer 'a'"); }, {"layer 'a'", "positive"});
}

TEST(ElementCount, RefusesProductsThatOverflow) {
    const int64_t big = int64_t{1} << 25;
    expect_error(
        [&] {
            element_count({big, big + 1}, 1, "layer 'a'");
        },
        {"layer 'a'", "overflows", "[33554432, 33554433]"});
    expect_error([] { element_count({INT64_MAX}, 1, "a"); }, {"overflows"});
    expect_error([] { element_count({INT64_MAX, INT64_MAX}, 1, "a"); }, {"overflows"});
    // 2^32 * 2^32 is 0 in 64 bits.
    expect_error([] { element_count({int64_t{1} << 32, int64_t{1} << 32}, 1, "a"); }, {"overflows"});
    expect_error([&] { element_count({kBatch, big}, big * 2, "a"); }, {"overflows"});
}

struct ByteCount {
    Shape shape;
    ElementType type;
    Layout layout;
    int64_t bytes;
};

TEST(ByteCount, CountsThePaddingOfLayouts) {
    const ByteCount cases[] = {
        {{3, 5}, Float(32), Layout::Logical, 60},
        {{3, 5}, UInt(1), Layout::Logical, 15},
        {{}, Int(64), Layout::Logical, 8},
        {{3, 1}, UInt(1), Layout::PackedWords, 3 * 4},
        {{3, 32}, UInt(1), Layout::PackedWords, 3 * 4},
        {{3, 33}, UInt(1), Layout::PackedWords, 3 * 8},
        {{2, 33, 3, 5}, UInt(1), Layout::PackedWords, 2 * 15 * 8},
        {{2, 33, 3, 5}, Float(32), Layout::ChannelsLast, 2 * 33 * 15 * 4},
        {{33, 3, 2, 2}, UInt(1), Layout::OutputPanels, 64 * 4 * 4},
        {{33, 3, 2, 2}, UInt(1), Layout::FlatPanels, 64 * 4},
        {{33, 9, 2, 2}, UInt(1), Layout::FlatPanels, 64 * 8},
        {{1, 1}, UInt(1), Layout::OutputPanels, 32 * 4},
        {{32, 64}, UInt(1), Layout::OutputPanels, 32 * 8},
        {{33, 65}, UInt(1), Layout::OutputPanels, 64 * 12},
        {{33, 65}, Float(32), Layout::OutputPanels, 64 * 65 * 4},
    };
    for (const ByteCount &c : cases) {
        EXPECT_EQ(byte_count(c.shape, c.type, c.layout, 1), c.bytes)
            << to_string(c.type) << to_string(c.shape) << to_string(c.layout);
    }
    EXPECT_EQ(byte_count({kBatch, 33}, UInt(1), Layout::PackedWords, 7), 7 * 8);
    EXPECT_THROW(byte_count({3, 5}, Float(32), Layout::PackedWords, 1), InternalError);
}

TEST(ByteCount, StaysPositiveForTheLargestValues) {
    for (Layout layout : {Layout::Logical, Layout::OutputPanels}) {
        for (const Shape &shape : {Shape{1, int64_t{1} << 50}, Shape{int64_t{1} << 50, 1}}) {
            EXPECT_GT(byte_count(shape, Int(64), layout, 1), int64_t{1} << 52) << to_string(layout);
        }
    }
}

/** The number that a code stands for, plane by plane. */
float by_planes(const Encoding &encoding, uint32_t code) {
    float value = encoding.offset;
    for (int plane = 0; plane < encoding.planes(); ++plane) {
        value += (code >> plane & 1) != 0 ? encoding.scales[static_cast<size_t>(plane)] : 0.0F;
    }
    return value;
}

TEST(IntegerView, StandsForTheSameNumbersAsThePlanes) {
    const Encoding encodings[] = {
        {{2}, -1},
        {{0.5F}, -0.25F},
        {{1}, 0},
        {{1}, -1},
        {{2, 4}, -3},
        {{1, 1}, -1},
        {{1, 2, 4}, -4},
        {{0.25F, 0.5F, 1, 2}, 0},
        {{0.125F, 0.25F, 0.5F, 1, 2, 4, 8, 16}, -1},
        {{2, 4, 8, 16, 32, 64, 128, 256}, -255},
    };
    for (const Encoding &encoding : encodings) {
        const IntegerView view = integer_view(encoding);
        const int bits = encoding.planes();
        for (uint32_t code = 0; code < 1U << bits; ++code) {
            const int64_t q = view(code);
            EXPECT_EQ(view.scale * static_cast<float>(q) + view.offset, by_planes(encoding, code));
            EXPECT_GE(q, view.min());
            EXPECT_LE(q, view.max());
        }
    }
}

TEST(IntegerView, OfOddGridsIsOddAndOfBytesTheCode) {
    const IntegerView odd = integer_view({{2, 4}, -3});
    EXPECT_EQ(odd.multipliers, (std::vector<int>{2, 4}));
    EXPECT_EQ(odd.addend, -3);
    EXPECT_EQ(odd.scale, 1);
    EXPECT_EQ(odd.twice_middle(), 0);
    const IntegerView ternary = integer_view({{0.5F, 0.5F}, -0.5F});
    EXPECT_EQ(ternary.multipliers, (std::vector<int>{1, 1}));
    EXPECT_EQ(ternary.addend, -1);
    EXPECT_EQ(ternary.scale, 0.5F);
    EXPECT_EQ(ternary.twice_middle(), 0);
    const IntegerView two_complement = integer_view({{1, 2}, -2});
    EXPECT_EQ(two_complement.min(), -2);
    EXPECT_EQ(two_complement.max(), 1);
    EXPECT_EQ(two_complement.twice_middle(), -1);
    const IntegerView sign = integer_view({{2}, -1});
    EXPECT_EQ(sign.multipliers, std::vector<int>{2});
    EXPECT_EQ(sign.addend, -1);
    EXPECT_EQ(sign.scale, 1);
    EXPECT_EQ(sign.offset, 0);
    EXPECT_EQ(sign.min(), -1);
    EXPECT_EQ(sign.max(), 1);
    const IntegerView byte = integer_view({{2, 4, 8, 16, 32, 64, 128, 256}, -255});
    EXPECT_EQ(byte.min(), 0);
    EXPECT_EQ(byte.max(), 255);
    EXPECT_EQ(byte.scale, 2);
    EXPECT_EQ(byte.offset, -255);
    const IntegerView plain = integer_view({{3, 6, 12}, 0.5F});
    EXPECT_EQ(plain.min(), 0);
    EXPECT_EQ(plain.max(), 7);
    EXPECT_EQ(plain.offset, 0.5F);
}

TEST(IntegerView, OfPowersOfTwoIsASignedPower) {
    for (const int powers : {1, 3, 7}) {
        for (const int greatest : {0, 5, -2}) {
            const Encoding encoding{.powers = powers, .greatest = greatest};
            const IntegerView view = integer_view(encoding);
            EXPECT_TRUE(is_integer(encoding));
            EXPECT_EQ(weight_view(encoding).numbers(), view.numbers());
            EXPECT_EQ(weight_view(encoding).offset, 0);
            EXPECT_EQ(encoding.codes(), 2 * powers + 1);
            for (int64_t code = 0; code < encoding.codes(); ++code) {
                EXPECT_EQ(view.scale * static_cast<float>(view(code)) + view.offset,
                          number_of(encoding, code));
                const auto number =
                    view.numbers().empty() ? code : view.numbers().at(static_cast<size_t>(code));
                EXPECT_EQ(number, view(code) - view.min());
            }
            EXPECT_EQ(view.numbers().empty(), powers == 1);
            EXPECT_EQ(view.min(), view(0));
            EXPECT_EQ(view.max(), view(encoding.codes() - 1));
            EXPECT_EQ(view.twice_middle(), 0);
            EXPECT_EQ(view.multipliers.back(), view.max() - view.min());
        }
    }
    EXPECT_EQ(integer_view({.powers = 7}).max(), 64);
    EXPECT_TRUE(integer_view({{2, 4}, -3}).numbers().empty());
}

TEST(IntegerView, OfEightEqualPlanesCountsOnes) {
    const Encoding thermometer{std::vector<float>(8, 0.25F), -1};
    EXPECT_TRUE(is_integer(thermometer));
    EXPECT_EQ(integer_view(thermometer)(0x1f), 5);
    EXPECT_EQ(integer_view(thermometer).offset, -1);
    EXPECT_EQ(weight_view(thermometer)(0x1f), 1);
    EXPECT_EQ(weight_view(thermometer).offset, 0);
}

TEST(IntegerView, RefusesWhatIsNoGrid) {
    EXPECT_THROW(integer_view({}), InternalError);
    EXPECT_THROW(integer_view({{1, 1.5F}, 0}), InternalError);
    EXPECT_THROW(integer_view({{2, 1}, 0}), InternalError);
    EXPECT_THROW(integer_view({{1, -1}, 0}), InternalError);
    for (const int powers : {15, 127}) {
        EXPECT_FALSE(is_integer({.powers = powers}));
        EXPECT_THROW(integer_view({.powers = powers}), InternalError);
    }
}

}  // namespace

}  // namespace quantide
