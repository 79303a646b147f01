#include "compiler/quantizers/quantizer.h"

#include "tests/lower/run_group.h"

#include <gmock/gmock.h>

#include <cfloat>
#include <cmath>
#include <limits>

namespace quantide {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

/** Where a formula and its translation tend to part, and what lies between. */
Array awkward_numbers(int columns) {
    std::vector<float> numbers = {0.0F, 1e-45F, 1e-42F, FLT_MIN, 0.3F,    0.5F,      1,
                                  1.5F, 2,      7,      1e10F,   FLT_MAX, kInfinity, kNan};
    for (float x : {0.5F, 1.0F, 2.0F, 4.0F}) {
        numbers.push_back(std::nextafter(x, 0.0F));
        numbers.push_back(std::nextafter(x, kInfinity));
    }
    Array array(Float(32), {2, columns});
    for (size_t i = 0; i < array.floats().size(); ++i) {
        const float number = numbers[i / 2 % numbers.size()];
        array.floats()[i] = i % 2 == 0 ? number : -number;
    }
    return array;
}

/** Not below 0: training's float formulas leave the sign of a zero open. */
Array gradients(int columns) {
    Array dy(Float(32), {2, columns});
    for (size_t i = 0; i < dy.floats().size(); ++i) {
        dy.floats()[i] = 1 + static_cast<float>(i);
    }
    return dy;
}

/** One kernel of an op on given inputs, against the interpreter, which applies `code` and `surrogate`. */
void compare(const std::string &op, const Attributes &attributes, const Arrays &given, int columns) {
    std::mt19937 random(columns);
    Graph graph;
    std::vector<ValueId> inputs;
    for (const auto &[name, numbers] : given) {
        inputs.push_back(
            graph.add_one("input", name, {}, {{"shape", Shape{columns}}, {"bits", int64_t{32}}}));
    }
    graph.outputs = {graph.add_one(op, op, inputs, attributes)};
    const TestGroup group{as_one_group(graph), fmt::format("{}, {} columns", op, columns)};
    for (bool strict_float : {true, false}) {
        for (const CpuLevel &level : all_levels()) {
            if (host_runs(level)) {
                const LowerOptions options{
                    .level = &level, .batch = {}, .parallel = false, .strict_float = strict_float};
                EXPECT_EQ(run_and_compare(group, options, {2}, random, given), "")
                    << "strict_float " << strict_float;
            }
        }
    }
}

class QuantizerLower : public testing::TestWithParam<Quantizer> {
protected:
    /** Several for the ends of a row's widths. */
    static std::vector<int> column_counts() {
        return is_end() ? std::vector<int>{1, 31, 32, 129} : std::vector<int>{65};
    }
    static bool is_end() {
        const auto &[row, bits] = GetParam();
        return bits == row->least_bits || bits == row->most_bits;
    }
    const Attributes quantizer{{"quantizer", GetParam().text()}};
};

TEST_P(QuantizerLower, CodesAreThoseOfTheTable) {
    for (int columns : column_counts()) {
        compare("quantize", quantizer, {{"x", awkward_numbers(columns)}}, columns);
    }
}

TEST_P(QuantizerLower, GradientsAreTheSurrogates) {
    for (int columns : is_end() ? column_counts() : std::vector<int>{}) {
        compare("quantize_gradient", quantizer, {{"dy", gradients(columns)}, {"x", awkward_numbers(columns)}},
                columns);
    }
}

INSTANTIATE_TEST_SUITE_P(Table, QuantizerLower, testing::ValuesIn(all_widths()), [](const auto &row) {
    return fmt::format("{}{}", row.param.def->name, row.param.bits);
});

TEST(HardtanhLower, GradientsAreThoseOfTheInterpreter) {
    for (int columns : {1, 3, 31, 32, 33, 65, 129}) {
        compare("hardtanh_gradient", {}, {{"dy", gradients(columns)}, {"x", awkward_numbers(columns)}},
                columns);
    }
}

}  // namespace
}  // namespace quantide
