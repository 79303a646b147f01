#include "tests/schedules/train_groups.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace quantide {

namespace {

class TrainRange : public GroupTest {
protected:
    /** The range of numbers that lie as `layout` says, or that of each row, by a kernel. */
    Array range_of(const Array &numbers, Layout layout, bool parallel, const char *op = "range") {
        graph = {};
        const ValueId x = parameter("x", numbers);
        graph.value(x).layout = layout;
        const ValueId range = graph.add_one(op, "range", {x});
        graph.outputs = {range};
        fuse(1);
        run(parallel);
        EXPECT_TRUE(found(range).bytes == expected(range).bytes);
        return found(range);
    }
};

struct Case {
    Shape shape;
    Layout layout;
};

const Case kCases[] = {{{1}, Layout::Logical},           {{77}, Layout::Logical},
                       {{1, 1}, Layout::Logical},        {{3, 65}, Layout::Logical},
                       {{33, 10}, Layout::OutputPanels}, {{2, 3, 5, 7}, Layout::ChannelsLast},
                       {{3, 2, 3, 63}, Layout::Logical}, {{65, 3, 3, 2}, Layout::OutputPanels}};

// At the ends and in the middle, once among numbers on one side of 0.
TEST_F(TrainRange, FindsAnExtremeWhereverItIs) {
    for (const Case &c : kCases) {
        SCOPED_TRACE(fmt::format("{} {}", to_string(c.shape), to_string(c.layout)));
        // Away from 0, which the padding of panels holds.
        Array numbers = uniform(c.shape, 1, 2);
        const auto all = numbers.floats();
        all.front() = -3;
        all.back() = 5;
        const Array found = range_of(numbers, c.layout, c.shape.size() == 2);
        EXPECT_EQ(found.floats()[0], all.size() == 1 ? 5.0F : -3.0F);
        EXPECT_EQ(found.floats()[1], 5);
        all.front() = all.back() = 1.5F;
        all[all.size() / 2] = 0.5F;
        EXPECT_EQ(range_of(numbers, c.layout, false).floats()[0], 0.5F);
    }
}

TEST_F(TrainRange, OfRowsIsThatOfEach) {
    for (const Case &c : {Case{{1, 1}, Layout::Logical}, Case{{3, 65}, Layout::Logical},
                          Case{{33, 10}, Layout::OutputPanels}, Case{{2, 17, 3, 2}, Layout::ChannelsLast}}) {
        SCOPED_TRACE(fmt::format("{} {}", to_string(c.shape), to_string(c.layout)));
        Array numbers = uniform(c.shape, 1, 2);
        const auto rows = static_cast<size_t>(c.shape[0]), in_row = numbers.floats().size() / rows;
        for (size_t row = 0; row < rows; ++row) {
            numbers.floats()[row * in_row + (in_row - 1) * (row % 2)] = -static_cast<float>(row) - 3;
            numbers.floats()[row * in_row + in_row / 2] += static_cast<float>(row);
        }
        const Array found = range_of(numbers, c.layout, c.shape.size() == 2, "row_range");
        for (size_t row = 0; row < rows; ++row) {
            const auto of_row = numbers.floats().subspan(row * in_row, in_row);
            EXPECT_EQ(found.floats()[row], *std::ranges::min_element(of_row));
            EXPECT_EQ(found.floats()[rows + row], *std::ranges::max_element(of_row));
        }
    }
}

TEST_F(TrainRange, OrdersZerosAndInfinitiesAndShowsNaN) {
    constexpr float kInfinity = std::numeric_limits<float>::infinity(),
                    kNaN = std::numeric_limits<float>::quiet_NaN();
    Array numbers(Float(32), {2, 9});
    numbers.floats()[13] = -0.0F;
    const Array zeros = range_of(numbers, Layout::Logical, false);
    EXPECT_TRUE(std::signbit(zeros.floats()[0]) && !std::signbit(zeros.floats()[1]));
    numbers.floats()[4] = -kInfinity;
    numbers.floats()[17] = kInfinity;
    const Array infinite = range_of(numbers, Layout::Logical, false);
    EXPECT_EQ(infinite.floats()[0], -kInfinity);
    EXPECT_EQ(infinite.floats()[1], kInfinity);
    for (const float nan : {kNaN, -kNaN}) {
        numbers.floats()[8] = nan;
        const Array found = range_of(numbers, Layout::Logical, false);
        EXPECT_TRUE(std::isnan(found.floats()[0]) && std::isnan(found.floats()[1]));
    }
}

}  // namespace

}  // namespace quantide
