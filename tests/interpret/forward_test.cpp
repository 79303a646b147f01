#include "compiler/interpret/interpret.h"
#include "compiler/quantizers/quantizer.h"
#include "dsl/layers.h"
#include "tests/base/expect_error.h"
#include "tests/ir/numbers.h"

#include <cmath>

namespace quantide {

namespace {

const Encoding kSign{{2}, -1};
const std::vector<std::array<int64_t, 3>> kSizes{
    {1, 1, 1}, {2, 3, 5}, {3, 33, 31}, {1, 65, 64}, {7, 2, 129}};  ///< n, m, k

Encoding byte_encoding(float scale, float offset) {
    Encoding encoding{{}, offset};
    for (int plane = 0; plane < 8; ++plane, scale *= 2) {
        encoding.scales.push_back(scale);
    }
    return encoding;
}

TEST(Interpret, DenseOfFloatsIsAChainOfFusedMultiplyAdds) {
    for (const auto &[n, m, k] : kSizes) {
        Random random(static_cast<uint32_t>(k));
        const Array x = random.floats({n, k}), w = random.floats({m, k});
        const Array y = compute("dense", {x, w})[0];
        for (int64_t i = 0; i < n * m; ++i) {
            float sum = 0;
            for (int64_t j = 0; j < k; ++j) {
                sum = std::fma(x.floats()[static_cast<size_t>(i / m * k + j)],
                               w.floats()[static_cast<size_t>(i % m * k + j)], sum);
            }
            EXPECT_EQ(y.floats()[static_cast<size_t>(i)], sum);
        }
    }
}

TEST(Interpret, DenseOfSignsCountsAgreements) {
    for (const auto &[n, m, k] : kSizes) {
        Random random(static_cast<uint32_t>(k));
        const Array x = random.codes(UInt(1), {n, k}), w = random.codes(UInt(1), {m, k});
        const Array y = compute("dense", {x, w}, {}, {kSign, kSign})[0];
        const Array acc = compute("integer_dense", {x, w}, {}, {kSign, kSign})[0];
        for (int64_t i = 0; i < n * m; ++i) {
            int agree = 0;
            for (int64_t j = 0; j < k; ++j) {
                agree += x.as<uint8_t>()[static_cast<size_t>(i / m * k + j)] ==
                                 w.as<uint8_t>()[static_cast<size_t>(i % m * k + j)]
                             ? 1
                             : 0;
            }
            EXPECT_EQ(y.floats()[static_cast<size_t>(i)], static_cast<float>(2 * agree - k));
            EXPECT_EQ(acc.as<int32_t>()[static_cast<size_t>(i)], 2 * agree - k);
        }
    }
}

TEST(Interpret, DenseOfBytesIsWithinRoundingOfTheRealSum) {
    for (const auto &[n, m, k] : kSizes) {
        Random random(static_cast<uint32_t>(k));
        const float scale = 2.0F / 255, offset = -1;
        const Array x = random.codes(UInt(8), {n, k}), w = random.codes(UInt(1), {m, k});
        const Array y = compute("dense", {x, w}, {}, {byte_encoding(scale, offset), kSign})[0];
        for (int64_t i = 0; i < n * m; ++i) {
            double sum = 0;
            for (int64_t j = 0; j < k; ++j) {
                const double q = w.as<uint8_t>()[static_cast<size_t>(i % m * k + j)] != 0 ? 1 : -1;
                sum += q * (double{scale} * x.as<uint8_t>()[static_cast<size_t>(i / m * k + j)] + offset);
            }
            // Two products and a sum of numbers of at most 2 k, each rounded once.
            EXPECT_NEAR(y.floats()[static_cast<size_t>(i)], sum, 3 * 0x1p-24 * 2 * static_cast<double>(k));
        }
    }
}

TEST(Interpret, DenseOfPowersOfTwoIsTheRealSumRoundedOnce) {
    for (const auto &[n, m, k] : kSizes) {
        for (const int powers : {1, 3, 7}) {
            Random random(static_cast<uint32_t>(k));
            const Encoding encoding{.powers = powers};
            const ElementType type = UInt(encoding.planes());
            const Array x = random.codes(type, {n, k}, encoding.codes()),
                        w = random.codes(type, {m, k}, encoding.codes());
            const Array y = compute("dense", {x, w}, {}, {encoding, encoding})[0];
            for (int64_t i = 0; i < n * m; ++i) {
                double sum = 0;
                for (int64_t j = 0; j < k; ++j) {
                    sum += double{number_of(encoding, x.as<uint8_t>()[static_cast<size_t>(i / m * k + j)])} *
                           number_of(encoding, w.as<uint8_t>()[static_cast<size_t>(i % m * k + j)]);
                }
                EXPECT_EQ(y.floats()[static_cast<size_t>(i)], static_cast<float>(sum));
            }
        }
    }
}

TEST(Interpret, DenseOfFloatsAndSignsTakesThePlusAndMinusOnes) {
    Random random(3);
    const Array x = random.floats({3, 33}), w = random.codes(UInt(1), {5, 33});
    Array w_floats(Float(32), {5, 33});
    for (size_t i = 0; i < 5 * 33; ++i) {
        w_floats.floats()[i] = w.as<uint8_t>()[i] != 0 ? 1.0F : -1.0F;
    }
    EXPECT_EQ(compute("dense", {x, w}, {}, {{}, kSign}), compute("dense", {x, w_floats}));
}

TEST(Interpret, IntegerDenseIsExactBeyondInt32) {
    const int64_t k = 8421505;  // 255 k > INT32_MAX
    Array x(UInt(8), {1, k}), w(UInt(1), {2, k});
    std::fill(x.as<uint8_t>().begin(), x.as<uint8_t>().end(), uint8_t{255});
    std::fill(w.as<uint8_t>().begin(), w.as<uint8_t>().begin() + k, uint8_t{1});
    const Array acc = compute("integer_dense", {x, w}, {}, {byte_encoding(1, 0), kSign})[0];
    ASSERT_EQ(acc.type, Int(64));
    EXPECT_EQ(elements<int64_t>(acc), (std::vector<int64_t>{255 * k, -255 * k}));
    EXPECT_GT(255 * k, INT32_MAX);
    const Array real = compute("dequantize", {acc, make_floats({2}, {0, 1})}, {{"scale", 2.0}})[0];
    EXPECT_EQ(elements(real),
              (std::vector<float>{2 * static_cast<float>(255 * k), -2 * static_cast<float>(255 * k) + 1}));
    const Array t = make_array<int64_t>(Int(64), {2}, {255 * k, -255 * k + 1});
    EXPECT_EQ(elements<uint8_t>(compute("threshold", {acc, t})[0]), (std::vector<uint8_t>{1, 0}));
}

TEST(Interpret, BatchNormRoundsEachStep) {
    Random random(5);
    const Array x = random.floats({7, 5}, -100, 100), weight = random.floats({5}), bias = random.floats({5}),
                mean = random.floats({5}, -50, 50), var = random.floats({5}, 0, 9);
    const Array y =
        compute("batch_norm", {x, weight, bias, mean, var}, {{"eps", 1e-4}, {"momentum", 0.1}})[0];
    for (size_t i = 0; i < 35; ++i) {
        const size_t c = i % 5;
        const volatile float sum = var.floats()[c] + 1e-4F;
        const volatile float root = std::sqrt(sum);
        const volatile float a = weight.floats()[c] / root;
        const volatile float centered = x.floats()[i] - mean.floats()[c];
        const volatile float scaled = centered * a;
        EXPECT_EQ(y.floats()[i], scaled + bias.floats()[c]);
    }
}

TEST(Interpret, QuantizeTakesTheSignWithItsEdges) {
    const float nan = std::numeric_limits<float>::quiet_NaN();
    const Array y = compute("quantize", {make_floats({8}, {0.0F, -0.0F, 1, -1, 1e-45F, -1e-45F, nan, -nan})},
                            {{"quantizer", "sign"}})[0];
    EXPECT_EQ(y.type, UInt(1));
    EXPECT_EQ(elements<uint8_t>(y), (std::vector<uint8_t>{1, 1, 1, 0, 1, 0, 0, 0}));
}

TEST(Interpret, HardtanhClamps) {
    const Array x = make_floats({1, 7}, {-3, -1, -0.5F, 0, 0.5F, 1, 3});
    EXPECT_EQ(elements(compute("hardtanh", {x})[0]), (std::vector<float>{-1, -1, -0.5F, 0, 0.5F, 1, 1}));
}

TEST(Interpret, DequantizeScalesThenAdds) {
    const Array acc = make_array<int32_t>(Int(32), {2, 2}, {3, -5, INT32_MAX, INT32_MIN});
    const Array y = compute("dequantize", {acc, make_floats({2}, {0.5F, -1})}, {{"scale", double{0.1F}}})[0];
    EXPECT_EQ(elements(y), (std::vector<float>{3.0F * 0.1F + 0.5F, -5.0F * 0.1F - 1, 0x1p31F * 0.1F + 0.5F,
                                               -0x1p31F * 0.1F - 1}));
}

TEST(Interpret, CodeSumAddsTheIntegersOfARow) {
    const Array w = make_array<uint8_t>(UInt(1), {2, 3}, {1, 1, 0, 0, 0, 0});
    EXPECT_EQ(elements(compute("code_sum", {w}, {{"scale", 0.25}}, {kSign})[0]),
              (std::vector<float>{0.25F, -0.75F}));
}

TEST(Interpret, ThresholdComparesPerChannel) {
    const Array acc = make_array<int32_t>(Int(32), {2, 3}, {1, 2, 3, -1, 2, INT32_MIN});
    const Array t = make_array<int32_t>(Int(32), {3}, {1, 3, INT32_MIN});
    EXPECT_EQ(elements<uint8_t>(compute("threshold", {acc, t})[0]), (std::vector<uint8_t>{1, 0, 1, 0, 0, 1}));
}

/** y = x w^T of an input and a parameter. */
Graph dense_graph() {
    Graph graph;
    graph.name = "net";
    const ValueId x = graph.add_one("input", "x", {}, {{"shape", Shape{2}}, {"bits", int64_t{32}}});
    const ValueId w = graph.add_one("parameter", "w", {},
                                    {{"shape", Shape{2, 2}}, {"init", "zeros"}, {"trainable", int64_t{1}}});
    graph.outputs = {graph.add_one("dense", "y", {x, w})};
    return graph;
}

TEST(Interpret, TakesAnyBatchAndLayout) {
    const Array w = make_floats({2, 2}, {1, 0, 0, 2});
    for (int64_t rows : {1, 2, 7}) {
        Random random(1);
        const Array x = random.floats({rows, 2});
        const Array y = interpret_outputs(dense_graph(), {{"x", x}, {"w", w}})[0];
        EXPECT_EQ(y.shape, (Shape{rows, 2}));
        EXPECT_EQ(interpret_outputs(dense_graph(), {{"x", x}, {"w", to_layout(w, Layout::OutputPanels)}})[0],
                  y);
    }
}

TEST(Interpret, RefusesBindingsThatDoNotFit) {
    const Graph graph = dense_graph();
    const Array x(Float(32), {3, 2}), w(Float(32), {2, 2});
    expect_error([&] { interpret(graph, {{"x", x}}); }, {"'w'", "none"});
    expect_error([&] { interpret(graph, {{"w", w}}); }, {"'x'", "none"});
    expect_error(
        [&] {
            interpret(graph, {{"x", Array(Float(32), {3, 3})}, {"w", w}});
        },
        {"'x'", "f32[3, 2]", "f32[3, 3]"});
    expect_error(
        [&] {
            interpret(graph, {{"x", Array(UInt(8), {3, 2})}, {"w", w}});
        },
        {"'x'", "f32[3, 2]", "u8[3, 2]"});
    expect_error(
        [&] {
            interpret(graph, {{"x", x}, {"w", Array(Float(32), {2})}});
        },
        {"'w'", "f32[2, 2]", "f32[2]"});
    expect_error([&] { interpret(graph, {{"x", Array(Float(32), {})}, {"w", w}}); }, {"'x'"});
    Graph two = graph;
    two.add_one("labels", "labels", {});
    expect_error(
        [&] {
            interpret(two, {{"x", x}, {"w", w}, {"labels", Array(UInt(8), {4})}});
        },
        {"batch", "3", "4"});
}

TEST(TanhNormalize, IsDoReFasTransformOfWeights) {
    Random random(4);
    for (float range : {0.1F, 1.0F, 20.0F}) {
        const Array w = random.floats({3, 7}, -range, range);
        for (int bits = 1; bits <= 8; ++bits) {
            const Graph network = build("net", [&] {
                return dense(input("x", {7}, Float(32)), {.units = 3, .weights = dorefa(bits), .name = "d"});
            });
            Array unit(Float(32), {7, 7});
            for (size_t i = 0; i < 7; ++i) {
                unit.floats()[8 * i] = 1;
            }
            // The weights, transposed.
            const Array found = interpret_outputs(network, {{"x", unit}, {"d.weight", w}})[0];
            double most = 0;
            for (float each : w.floats()) {
                most = std::max(most, std::tanh(std::fabs(double{each})));
            }
            const double steps = (1 << bits) - 1;
            for (size_t m = 0; m < 3; ++m) {
                for (size_t k = 0; k < 7; ++k) {
                    const double at = std::tanh(double{w.floats()[m * 7 + k]}) / (2 * most) + 0.5;
                    const double expected = 2 * std::floor(steps * at + 0.5) / steps - 1;
                    const bool tie = std::fabs(steps * at + 0.5 - std::round(steps * at + 0.5)) < 1e-3;
                    EXPECT_TRUE(tie || std::fabs(found.floats()[k * 3 + m] - expected) < 1e-6) << bits;
                }
            }
        }
    }
}

}  // namespace

}  // namespace quantide
