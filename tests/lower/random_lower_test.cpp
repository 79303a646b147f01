#include "compiler/quantizers/quantizer.h"
#include "tests/ir/numbers.h"
#include "tests/lower/run_group.h"

#include <limits>

namespace quantide {
namespace {

Array key(uint32_t low, uint32_t high, uint32_t step) {
    return make_array<uint32_t>(UInt(32), {3}, {low, high, step});
}

/** One kernel of an op that draws, at every level, against the interpreter. */
void compare(const std::string &op, const Shape &features, const Attributes &attributes, const Array &k,
             const Arrays &given = {}) {
    Graph graph;
    const ValueId x = graph.add_one("input", "x", {}, {{"shape", features}, {"bits", int64_t{32}}});
    graph.outputs = {graph.add_one(op, op, {x, graph.add_one("random_key", "key", {})}, attributes)};
    const TestGroup group{as_one_group(graph), op + " of " + to_string(features)};
    std::mt19937 random(1);
    Arrays inputs = given;
    inputs["key"] = k;
    const std::vector<int> batches = given.empty() ? std::vector{1, 3} : std::vector{1};
    for (bool strict_float : {true, false}) {
        for (const CpuLevel &level : all_levels()) {
            if (host_runs(level)) {
                const LowerOptions options{
                    .level = &level, .batch = {}, .parallel = false, .strict_float = strict_float};
                EXPECT_EQ(run_and_compare(group, options, batches, random, inputs), "")
                    << "strict_float " << strict_float;
            }
        }
    }
}

const Array kKeys[] = {key(1, 0, 0), key(0xFFFFFFFF, 0x80000001, 0xFFFFFFFF)};

TEST(RandomLower, DropoutEqualsTheInterpreterBitForBit) {
    for (const Array &k : kKeys) {
        for (const Shape &features : {Shape{1}, Shape{33}, Shape{129}, Shape{3, 5, 7}, Shape{32, 2, 9}}) {
            compare("dropout_train", features,
                    {{"rate", 0.3}, {"stream", int64_t{0x80000005}}, {"ahead", int64_t{0}}}, k);
        }
    }
}

TEST(RandomLower, StochasticSignEqualsTheInterpreterBitForBit) {
    for (const Array &k : kKeys) {
        for (const Shape &features : {Shape{1}, Shape{33}, Shape{129}, Shape{3, 5, 7}, Shape{32, 2, 9}}) {
            compare("quantize_train", features,
                    {{"quantizer", "stochastic_sign"}, {"stream", int64_t{7}}, {"ahead", int64_t{1}}}, k);
        }
    }
}

TEST(RandomLower, EveryStochasticQuantizerEqualsTheInterpreterBitForBit) {
    Array x(Float(32), {1, 67});
    const float infinity = std::numeric_limits<float>::infinity();
    const float numbers[] = {0,    1e-45F,   1e-42F, 0x1p-126F, 0x1.8p-64F, 0x1.fp-64F, 0x1p-63F,
                             0.3F, 0x1p-24F, 1,      1.5F,      7.9F,       0x1.ffp63F, infinity};
    for (size_t i = 0; i < x.floats().size(); ++i) {
        const float number = numbers[i / 2 % std::size(numbers)];
        x.floats()[i] = i % 2 == 0 ? number : -number;
    }
    x.floats()[66] = std::numeric_limits<float>::quiet_NaN();
    for (const Quantizer &quantizer : all_widths()) {
        if (quantizer.stochastic()) {
            SCOPED_TRACE(quantizer.text());
            const Attributes attributes{
                {"quantizer", quantizer.text()}, {"stream", int64_t{7}}, {"ahead", int64_t{0}}};
            compare("quantize_train", {67}, attributes, kKeys[0], {{"x", x}});
        }
    }
}

}  // namespace
}  // namespace quantide
