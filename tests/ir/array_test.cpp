#include "compiler/ir/array.h"

#include "tests/ir/numbers.h"

namespace quantide {

namespace {

using Rows = std::vector<int64_t>;

TEST(Array, IsAlignedAndZero) {
    for (int64_t n : kAwkwardSizes) {
        const Array array(Float(32), {n});
        EXPECT_EQ(reinterpret_cast<uintptr_t>(array.bytes.data()) % 64, 0U);
        EXPECT_EQ(array.size(), n);
        EXPECT_EQ(std::count(array.floats().begin(), array.floats().end(), 0.0F), n);
    }
    EXPECT_EQ(Array(Int(64), {}).size(), 1);
}

/** Where an element lies, from the words of Layout's comments alone. */
struct Place {
    size_t at;    ///< element or word
    int bit = 0;  ///< of the word
};

Place place(Layout layout, bool bits, int64_t columns, int64_t row, int64_t column) {
    const auto at = [](int64_t panel, int64_t panel_size, int64_t line, int64_t lane) {
        return static_cast<size_t>(panel * panel_size + line * 32 + lane);
    };
    const int64_t words = (columns + 31) / 32;
    switch (layout) {
        case Layout::PackedWords:
            return {static_cast<size_t>(row * words + column / 32), static_cast<int>(column % 32)};
        case Layout::OutputPanels:
            return bits
                       ? Place{at(row / 32, words * 32, column / 32, row % 32), static_cast<int>(column % 32)}
                       : Place{at(row / 32, columns * 32, column, row % 32)};
        default:
            return {static_cast<size_t>(row * columns + column)};
    }
}

class Layouts : public testing::TestWithParam<std::tuple<int64_t, int64_t>> {};

TEST_P(Layouts, OfBitsHoldEachBitInItsPlaceAndZerosElsewhere) {
    const auto [rows, columns] = GetParam();
    Random random(static_cast<uint32_t>(rows * 1000 + columns));
    const Array logical = random.codes(UInt(1), {rows, columns});
    for (Layout layout : {Layout::PackedWords, Layout::OutputPanels}) {
        const Array packed = to_layout(logical, layout);
        std::vector<uint32_t> expected(packed.as<uint32_t>().size());
        for (int64_t i = 0; i < rows * columns; ++i) {
            const Place p = place(layout, true, columns, i / columns, i % columns);
            expected.at(p.at) |= uint32_t{logical.as<uint8_t>()[static_cast<size_t>(i)]} << p.bit;
        }
        EXPECT_EQ(elements<uint32_t>(packed), expected) << to_string(layout);
        EXPECT_EQ(packed.layout, layout);
        EXPECT_EQ(to_layout(packed, Layout::Logical), logical) << to_string(layout);
        const Layout other = layout == Layout::PackedWords ? Layout::OutputPanels : Layout::PackedWords;
        EXPECT_EQ(to_layout(packed, other), to_layout(logical, other)) << to_string(layout);
    }
}

// Words and bytes from the words of Layout's comments alone.
TEST_P(Layouts, OfEightBitsHoldSignedBytesInPanels) {
    const auto [rows, columns] = GetParam();
    Random random(static_cast<uint32_t>(rows * 1000 + columns));
    const Array logical = random.codes(UInt(8), {rows, columns});
    const Array packed = to_layout(logical, Layout::OutputPanels);
    std::vector<int8_t> expected(packed.bytes.size(), -128);
    const int64_t words = (columns + 31) / 32 * 8;
    for (int64_t row = 0; row < rows; ++row) {
        for (int64_t column = 0; column < columns; ++column) {
            const int64_t word = column / 32 * 8 + column % 8, byte = column % 32 / 8;
            const int64_t at = (row / 32 * words + word) * 32 + row % 32;
            const int code = logical.as<uint8_t>()[static_cast<size_t>(row * columns + column)];
            expected.at(static_cast<size_t>(4 * at + byte)) = static_cast<int8_t>(code - 128);
        }
    }
    EXPECT_EQ(elements<int8_t>(packed), expected);
    EXPECT_EQ(to_layout(packed, Layout::Logical), logical);
    EXPECT_EQ(to_layout(to_layout(logical, Layout::PackedWords), Layout::OutputPanels), packed);
}

TEST_P(Layouts, OfFloatsHoldEachNumberInItsPlaceAndZerosElsewhere) {
    const auto [rows, columns] = GetParam();
    Random random(static_cast<uint32_t>(rows * 1000 + columns));
    const Array logical = random.floats({rows, columns}, 1, 2);
    const Array panels = to_layout(logical, Layout::OutputPanels);
    std::vector<float> expected(panels.floats().size());
    for (int64_t i = 0; i < rows * columns; ++i) {
        expected.at(place(Layout::OutputPanels, false, columns, i / columns, i % columns).at) =
            logical.floats()[static_cast<size_t>(i)];
    }
    EXPECT_EQ(elements(panels), expected);
    EXPECT_EQ(to_layout(panels, Layout::Logical), logical);
}

INSTANTIATE_TEST_SUITE_P(AwkwardSizes, Layouts,
                         testing::Combine(testing::ValuesIn(kAwkwardSizes),
                                          testing::ValuesIn(kAwkwardSizes)));

TEST(ToLayout, TakesVectors) {
    Random random(1);
    const Array vector = random.codes(UInt(1), {65});
    EXPECT_EQ(to_layout(to_layout(vector, Layout::PackedWords), Layout::Logical), vector);
    EXPECT_THROW(to_layout(Array(UInt(1), {}), Layout::PackedWords), InternalError);
    EXPECT_EQ(to_layout(vector, Layout::Logical), vector);
}

/** Codes [N, C, H, W] one after the other in the order of their words: by (row, y, x), channels together. */
TEST(ToLayout, KeepsTheChannelsOfAPixelTogether) {
    Random random(2);
    const int64_t rows = 2, channels = 35, height = 3, width = 5;
    const Array image = random.codes(UInt(1), {rows, channels, height, width});
    Array pixels(UInt(1), {rows * height * width, channels}), flat = image;
    for (int64_t i = 0; i < image.size(); ++i) {
        const int64_t row = i / (channels * height * width), c = i / (height * width) % channels;
        pixels.as<uint8_t>()[static_cast<size_t>((row * height * width + i % (height * width)) * channels +
                                                 c)] = image.as<uint8_t>()[static_cast<size_t>(i)];
    }
    flat.shape = {rows, channels * height * width};
    EXPECT_EQ(to_layout(image, Layout::PackedWords).bytes, to_layout(pixels, Layout::PackedWords).bytes);
    EXPECT_EQ(to_layout(image, Layout::ChannelsLast).bytes, pixels.bytes);
    EXPECT_EQ(to_layout(image, Layout::FlatPanels).bytes, to_layout(flat, Layout::OutputPanels).bytes);
    const Array panels = to_layout(image, Layout::OutputPanels);
    for (int64_t row = 0; row < 32; ++row) {
        for (int64_t word = 0; word < height * width * 2; ++word) {
            EXPECT_EQ(panels.as<uint32_t>()[static_cast<size_t>(word * 32 + row)],
                      row < rows ? to_layout(image, Layout::PackedWords)
                                       .as<uint32_t>()[static_cast<size_t>(row * height * width * 2 + word)]
                                 : 0U);
        }
    }
    for (Layout layout :
         {Layout::ChannelsLast, Layout::PackedWords, Layout::OutputPanels, Layout::FlatPanels}) {
        EXPECT_EQ(to_layout(to_layout(image, layout), Layout::Logical), image) << to_string(layout);
        EXPECT_EQ(to_layout(image, layout).bytes.size(),
                  static_cast<size_t>(byte_count(image.shape, UInt(1), layout, 1)));
    }
    const Array kinds = random.floats({3, 4, 5});
    EXPECT_EQ(to_layout(to_layout(kinds, Layout::ChannelsLast), Layout::Logical), kinds);
}

TEST(ToLayout, OfABitTakesOnlyItsLowestBit) {
    Array codes(UInt(1), {1, 40});
    std::fill(codes.as<uint8_t>().begin(), codes.as<uint8_t>().end(), uint8_t{0xFE});
    const Array packed = to_layout(codes, Layout::PackedWords);
    EXPECT_EQ(elements<uint32_t>(packed), (std::vector<uint32_t>{0, 0}));
}

}  // namespace

}  // namespace quantide
