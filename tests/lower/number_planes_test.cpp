#include "compiler/lower/number_planes.h"

#include <gtest/gtest.h>

namespace quantide {
namespace {

// Bit c of each word is that of code c.
TEST(NumberPlanes, AreThoseOfTheNumbersOfAllCodes) {
    const Encoding encodings[] = {{.powers = 1}, {.powers = 3}, {.powers = 7}, {{2, 4, 8}, -7}, {{1, 1}, -1}};
    for (const Encoding &encoding : encodings) {
        const IntegerView view = integer_view(encoding);
        const NumberPlanes planes(view);
        EXPECT_EQ(planes.of_code, encoding.planes());
        const auto word_of_codes = [&](int plane) {
            uint32_t word = 0;
            for (uint32_t code = 0; code < encoding.codes(); ++code) {
                word |= (code >> plane & 1) << code;
            }
            return Halide::Expr(word);
        };
        std::vector<int64_t> numbers(static_cast<size_t>(encoding.codes()));
        for (int plane = 0; plane < planes.count; ++plane) {
            const auto word = Halide::evaluate<uint32_t>(planes(plane, word_of_codes));
            for (size_t code = 0; code < numbers.size(); ++code) {
                numbers[code] += int64_t{word >> code & 1} << (planes.doubles ? plane : 0);
            }
        }
        for (size_t code = 0; code < numbers.size(); ++code) {
            EXPECT_EQ(view.min() + view.multipliers[0] * numbers[code], view(static_cast<int64_t>(code)));
        }
        EXPECT_EQ(planes.most_of(planes.count), numbers.back());
        EXPECT_EQ(planes.most_of(1), 1);
    }
}

}  // namespace
}  // namespace quantide
