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

TEST(ToLayout, TakesRowsOfAnyRank) {
    Random random(1);
    const Array vector = random.codes(UInt(1), {65});
    EXPECT_EQ(to_layout(to_layout(vector, Layout::PackedWords), Layout::Logical), vector);
    const Array cube = random.codes(UInt(1), {2, 3, 33});
    Array flat = cube;
    flat.shape = {6, 33};
    EXPECT_EQ(to_layout(cube, Layout::PackedWords).bytes, to_layout(flat, Layout::PackedWords).bytes);
    EXPECT_THROW(to_layout(Array(UInt(1), {}), Layout::PackedWords), InternalError);
    EXPECT_EQ(to_layout(cube, Layout::Logical), cube);
}

TEST(ToLayout, OfABitTakesOnlyItsLowestBit) {
    Array codes(UInt(1), {1, 40});
    std::fill(codes.as<uint8_t>().begin(), codes.as<uint8_t>().end(), uint8_t{0xFE});
    const Array packed = to_layout(codes, Layout::PackedWords);
    EXPECT_EQ(elements<uint32_t>(packed), (std::vector<uint32_t>{0, 0}));
}

}  // namespace

}  // namespace quantide
