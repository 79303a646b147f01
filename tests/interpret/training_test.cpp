#include "compiler/ops/op.h"
#include "tests/ir/numbers.h"

#include <cmath>
#include <functional>
#include <set>

namespace quantide {

namespace {

const Encoding kSign{{2}, -1};

double dot(const Array &a, const Array &b) {
    double sum = 0;
    for (size_t i = 0; i < a.floats().size(); ++i) {
        sum += double{a.floats()[i]} * double{b.floats()[i]};
    }
    return sum;
}

/** Expects that `gradient` is that of `loss` at `at`, by central differences along random directions. */
void expect_gradient(const std::function<double(const Array &)> &loss, const Array &at, const Array &gradient,
                     Random &random) {
    ASSERT_EQ(gradient.shape, at.shape);
    for (int direction = 0; direction < 8; ++direction) {
        const Array d = random.floats(at.shape, -1, 1);
        constexpr float kStep = 1e-2F;
        Array up = at, down = at;
        for (size_t i = 0; i < at.floats().size(); ++i) {
            up.floats()[i] += kStep * d.floats()[i];
            down.floats()[i] -= kStep * d.floats()[i];
        }
        const double expected = (loss(up) - loss(down)) / (2 * double{kStep});
        // Truncation falls with the step squared, rounding of float32 outputs grows with its inverse.
        EXPECT_NEAR(dot(gradient, d), expected, 2e-3 * std::max(1.0, std::sqrt(dot(gradient, gradient))));
    }
}

/** Numbers of which no two of a channel are close, nor one to the channel's mean: [rows, columns] with an
 * even number of rows, or images [rows, columns, 1, 2]. */
Array well_apart(const Shape &shape, Random &random) {
    Array x = random.floats(shape, -0.1F, 0.1F);
    const auto columns = static_cast<size_t>(shape[1]), inner = shape.size() == 4 ? size_t{2} : size_t{1};
    const size_t count = x.floats().size() / columns;
    for (size_t i = 0; i < x.floats().size(); ++i) {
        const size_t place = i / inner / columns * inner + i % inner;
        // 3 has no divisor in common with the counts here: every place has another number.
        x.floats()[i] += 0.5F * static_cast<float>((3 * place + i / inner % columns) % count);
    }
    return x;
}

TEST(Gradient, OfBatchNormIsThatOfItsForward) {
    for (const char *norm : {"variance", "range", "l1"}) {
        for (const Shape &shape : {Shape{8, 3}, Shape{2, 5}, Shape{34, 1}, Shape{4, 3, 1, 2}}) {
            SCOPED_TRACE(std::string(norm) + to_string(shape));
            const Attributes how{{"eps", 0.5}, {"norm", norm}};
            Random random(static_cast<uint32_t>(shape[0]));
            const Array x = well_apart(shape, random), weight = random.floats({shape[1]}),
                        bias = random.floats({shape[1]}), dy = random.floats(shape, -1, 1);
            const auto forward = compute("batch_norm_train", {x, weight, bias}, how);
            const auto gradients =
                compute("batch_norm_gradient", {dy, x, forward[1], forward[2], weight}, how);
            const auto loss = [&](const Array &a, const Array &b, const Array &c) {
                return dot(compute("batch_norm_train", {a, b, c}, how)[0], dy);
            };
            expect_gradient([&](const Array &a) { return loss(a, weight, bias); }, x, gradients[0], random);
            expect_gradient([&](const Array &a) { return loss(x, a, bias); }, weight, gradients[1], random);
            expect_gradient([&](const Array &a) { return loss(x, weight, a); }, bias, gradients[2], random);
        }
    }
}

TEST(Gradient, OfDenseIsThatOfItsForward) {
    Random random(2);
    const Array x = random.floats({3, 33}), w = random.floats({5, 33}), dy = random.floats({3, 5}, -1, 1);
    const auto loss = [&](const Array &a, const Array &b) { return dot(compute("dense", {a, b})[0], dy); };
    expect_gradient([&](const Array &a) { return loss(a, w); }, x,
                    compute("dense_input_gradient", {dy, w})[0], random);
    expect_gradient([&](const Array &a) { return loss(x, a); }, w,
                    compute("dense_weight_gradient", {dy, x})[0], random);
}

TEST(Gradient, OfDenseTakesTheNumbersThatCodesStandFor) {
    Random random(3);
    const Array dy = random.floats({3, 5});
    const Array w = random.codes(UInt(1), {5, 33}), x = random.codes(UInt(8), {3, 33});
    const Encoding bytes{{0.5F, 1, 2, 4, 8, 16, 32, 64}, -3};
    Array w_floats(Float(32), {5, 33}), x_floats(Float(32), {3, 33});
    std::transform(w.as<uint8_t>().begin(), w.as<uint8_t>().end(), w_floats.floats().begin(),
                   [](uint8_t c) { return c != 0 ? 1.0F : -1.0F; });
    std::transform(x.as<uint8_t>().begin(), x.as<uint8_t>().end(), x_floats.floats().begin(),
                   [](uint8_t c) { return 0.5F * c - 3; });
    EXPECT_EQ(compute("dense_input_gradient", {dy, w}, {}, {{}, kSign}),
              compute("dense_input_gradient", {dy, w_floats}));
    EXPECT_EQ(compute("dense_weight_gradient", {dy, x}, {}, {{}, bytes}),
              compute("dense_weight_gradient", {dy, x_floats}));
}

TEST(Gradient, OfTheLossesIsThatOfTheirForward) {
    for (const std::string loss : {"squared_hinge", "softmax_cross_entropy"}) {
        for (const auto &[rows, classes] : {std::pair{7, 10}, std::pair{1, 1}, std::pair{2, 33}}) {
            SCOPED_TRACE(testing::Message() << loss << " " << rows << " x " << classes);
            Random random(4);
            const Array scores = random.floats({rows, classes}),
                        labels = random.codes(UInt(8), {rows}, classes);
            expect_gradient(
                [&](const Array &s) {
                    return double{compute(loss, {s, labels})[0].floats()[0]};
                },
                scores, compute(loss + "_gradient", {scores, labels})[0], random);
        }
    }
}

TEST(Loss, IsItsFormula) {
    const Array scores = make_floats({2, 3}, {0.5F, -2, 1, 0, 3, -0.5F});
    const Array labels = make_array<uint8_t>(UInt(8), {2}, {0, 2});
    // Margins 1 - t s: 0.5, -1, 2; 1, 4, 1.5.
    EXPECT_FLOAT_EQ(compute("squared_hinge", {scores, labels})[0].floats()[0],
                    (0.25F + 0 + 4 + 1 + 16 + 2.25F) / 6);
    const double first = std::exp(0.5) + std::exp(-2) + std::exp(1),
                 second = 1 + std::exp(3) + std::exp(-0.5);
    EXPECT_FLOAT_EQ(compute("softmax_cross_entropy", {scores, labels})[0].floats()[0],
                    static_cast<float>((std::log(first) - 0.5 + std::log(second) + 0.5) / 2));
    EXPECT_THAT(elements(compute("squared_hinge_gradient", {scores, labels})[0]),
                testing::Pointwise(testing::FloatEq(), {-0.5F * 2 / 6, 0.0F, 2.0F * 2 / 6, 1.0F * 2 / 6,
                                                        4.0F * 2 / 6, -1.5F * 2 / 6}));
}

TEST(Loss, OfHugeScoresIsFinite) {
    const Array scores = make_floats({1, 3}, {1e38F, -1e38F, 3e38F});
    const Array labels = make_array<uint8_t>(UInt(8), {1}, {2});
    EXPECT_EQ(compute("softmax_cross_entropy", {scores, labels})[0].floats()[0], 0);
    EXPECT_EQ(elements(compute("softmax_cross_entropy_gradient", {scores, labels})[0]),
              (std::vector<float>{0, 0, 0}));
}

TEST(BatchNormTrain, UsesTheBatchsOwnStatistics) {
    const Array x = make_floats({4, 2}, {1, 5, 2, 5, 3, 5, 6, 5});
    const auto found =
        compute("batch_norm_train", {x, make_floats({2}, {2, 3}), make_floats({2}, {1, -1})}, {{"eps", 0.5}});
    EXPECT_EQ(elements(found[1]), (std::vector<float>{3, 5}));
    EXPECT_EQ(elements(found[2]), (std::vector<float>{3.5F, 0}));
    EXPECT_EQ(elements(found[0]), (std::vector<float>{-1, -1, 0, -1, 1, -1, 4, -1}));
}

/** 2^round(log2 |x|) by its definition. */
double power_near(double x) {
    return x == 0 ? 0 : std::copysign(std::exp2(std::round(std::log2(std::fabs(x)))), x);
}

TEST(ShiftBatchNorm, IsThePublishedFormula) {
    for (const Shape &shape : {Shape{7, 3}, Shape{3, 2, 2, 2}}) {
        Random random(static_cast<uint32_t>(shape[0]));
        const auto channels = static_cast<size_t>(shape[1]),
                   inner = shape.size() == 4 ? size_t{4} : size_t{1};
        const Array x = random.floats(shape, -9, 9), weight = random.floats({shape[1]}),
                    bias = random.floats({shape[1]}), g = random.floats(shape, -1, 1);
        const Attributes how{{"eps", 1e-5}, {"norm", "shift"}};
        const auto y = compute("batch_norm_train", {x, weight, bias}, how);
        const auto d = compute("batch_norm_gradient", {g, x, y[1], y[2], weight}, how);
        const auto n = static_cast<double>(x.floats().size() / channels);
        for (size_t c = 0; c < channels; ++c) {
            const auto of_channel = [&](const std::function<double(size_t)> &f) {
                double sum = 0;
                for (size_t i = 0; i < x.floats().size(); ++i) {
                    sum += i / inner % channels == c ? f(i) : 0;
                }
                return sum / n;
            };
            const double mean = of_channel([&](size_t i) { return double{x.floats()[i]}; });
            const auto centered = [&](size_t i) { return x.floats()[i] - mean; };
            const double v = of_channel([&](size_t i) { return centered(i) * power_near(centered(i)); });
            const double s = power_near(1 / std::sqrt(v + 1e-5)), a = power_near(weight.floats()[c]);
            EXPECT_NEAR(y[1].floats()[c], mean, 1e-6);
            EXPECT_NEAR(y[2].floats()[c], 1 / std::sqrt(v + 1e-5), 1e-6);
            const double mean_g = of_channel([&](size_t i) { return double{g.floats()[i]}; });
            const double projected =
                of_channel([&](size_t i) { return power_near(centered(i)) * g.floats()[i]; });
            EXPECT_NEAR(d[1].floats()[c],
                        n * of_channel([&](size_t i) { return power_near(centered(i) * s) * g.floats()[i]; }),
                        1e-5);
            EXPECT_NEAR(d[2].floats()[c], n * mean_g, 1e-5);
            of_channel([&](size_t i) {
                EXPECT_NEAR(y[0].floats()[i], a * centered(i) * s + bias.floats()[c], 1e-5);
                EXPECT_NEAR(d[0].floats()[i],
                            a * s * (g.floats()[i] - mean_g - power_near(centered(i)) * s * s * projected),
                            1e-5);
                return 0;
            });
        }
    }
}

TEST(ShiftBatchNorm, ScalesByPowersOfTwoAlone) {
    Random random(2);
    constexpr int64_t kChannels = 1000;
    const Array zeros(Float(32), {kChannels});
    const Array scales =
        compute("batch_norm",
                {make_floats({1, kChannels}, std::vector<float>(kChannels, 1)),
                 random.floats({kChannels}, -4, 4), zeros, zeros, random.floats({kChannels}, 0, 40)},
                {{"eps", 1e-5}, {"momentum", 0.1}, {"norm", "shift"}})[0];
    std::set<float> found;
    for (const float scale : scales.floats()) {
        int exponent = 0;
        ASSERT_EQ(std::fabs(std::frexp(scale, &exponent)), 0.5F) << scale;
        found.insert(scale);
    }
    EXPECT_GT(found.size(), 10U);
}

TEST(RangeBatchNorm, GivesTheFirstOfEqualElementsTheGradientOfTheRange) {
    const Array x = make_floats({4, 1}, {1, 5, 5, 1}), one = make_floats({1}, {1}),
                dy = make_floats({4, 1}, {1, 0, 0, 0});
    const Attributes how{{"eps", 1e-5}, {"norm", "range"}};
    const auto y = compute("batch_norm_train", {x, one, make_floats({1}, {0})}, how);
    const double c = 1 / (2 * std::sqrt(2 * std::log(4.0))), r = 4 * c + 1e-5;
    EXPECT_FLOAT_EQ(y[2].floats()[0], static_cast<float>(4 * c));
    const auto d = compute("batch_norm_gradient", {dy, x, y[1], y[2], one}, how);
    // sum dy (x - mean) is -2.
    const std::vector<double> expected{0.75 / r - c / (r * r) * -2 * -1, -0.25 / r - c / (r * r) * -2 * 1,
                                       -0.25 / r, -0.25 / r};
    for (size_t i = 0; i < 4; ++i) {
        EXPECT_NEAR(d[0].floats()[i], expected[i], 1e-5) << i;
    }
}

TEST(L1BatchNorm, IsItsFormula) {
    const Array x = make_floats({4, 1}, {1, 5, 4, 2}), weight = make_floats({1}, {2});
    const auto y =
        compute("batch_norm_train", {x, weight, make_floats({1}, {0.5F})}, {{"eps", 0.25}, {"norm", "l1"}});
    const double s = std::sqrt(std::acos(-1.0) / 2) * 1.5;
    EXPECT_FLOAT_EQ(y[2].floats()[0], static_cast<float>(s));
    EXPECT_FLOAT_EQ(y[0].floats()[1], static_cast<float>(2 * 2 / (s + 0.25) + 0.5));
}

TEST(ShiftAdamax, IsItsFormula) {
    Random random(5);
    for (const double clip : {0.0, 1.0}) {
        const Array w = random.floats({3, 5}, -1, 1), m = random.floats({3, 5}, -0.1F, 0.1F),
                    g = random.floats({3, 5}, -0.01F, 0.01F);
        Array v = random.floats({3, 5}, 0, 0.01F);
        for (float &x : v.floats()) {
            x = static_cast<float>(power_near(x));
        }
        v.floats()[3] = 0;
        Array gradient = g;
        gradient.floats()[3] = 0;
        const auto found =
            compute("shift_adamax", {w, m, v, gradient, make_floats({1}, {0x1p-7F})},
                    {{"beta1", 0.9}, {"beta2", 0.999}, {"eps", 0x1p-27}, {"scale", 2.0}, {"clip", clip}});
        for (size_t i = 0; i < 15; ++i) {
            const double next_m = 0.9 * m.floats()[i] + 0.1 * gradient.floats()[i];
            const double largest = std::max(0.999 * v.floats()[i], std::fabs(double{gradient.floats()[i]}));
            const double next_v = i == 3 ? 0x1p-27 : power_near(largest);
            const double moved = w.floats()[i] - 2 * 0x1p-7 * next_m / next_v;
            EXPECT_NEAR(found[0].floats()[i], clip > 0 ? std::clamp(moved, -1.0, 1.0) : moved,
                        1e-6 * std::max(1.0, std::fabs(moved)));
            EXPECT_NEAR(found[1].floats()[i], next_m, 1e-7);
            EXPECT_EQ(found[2].floats()[i], next_v);
        }
    }
}

TEST(MovingAverage, TakesMomentumOfTheBatch) {
    const Array next = compute("moving_average", {make_floats({2}, {1, 10}), make_floats({2}, {3, -10})},
                               {{"momentum", 0.25}})[0];
    EXPECT_EQ(elements(next), (std::vector<float>{1.5F, 5}));
}

TEST(QuantizeGradient, PassesWhereTheSurrogateSays) {
    const float over = std::nextafter(1.0F, 2.0F), nan = std::numeric_limits<float>::quiet_NaN();
    const Array x = make_floats({1, 8}, {0, -0.0F, 1, -1, over, -over, nan, 0.3F});
    const Array dy = make_floats({1, 8}, {1, 2, 3, 4, 5, 6, 7, -8});
    for (const char *op : {"quantize_gradient", "hardtanh_gradient"}) {
        EXPECT_EQ(elements(compute(op, {dy, x}, {{"quantizer", "sign"}})[0]),
                  (std::vector<float>{1, 2, 3, 4, 0, 0, 0, -8}))
            << op;
    }
}

// Against central differences, whose error is at most h^2 / 6 of the third derivative, 2 of tanh at most.
TEST(TanhNormalize, HasTheGradientOfItsValues) {
    Random random(6);
    constexpr float kStep = 0x1p-6F;
    for (const float most : {0.5F, 3.0F}) {
        const Array range = make_floats({2}, {-most, 0.5F * most}),
                    x = random.floats({3, 33}, -most + kStep, most - kStep),
                    dy = random.floats({3, 33}, -1, 1);
        const auto moved = [&](float by) {
            Array there = x;
            std::transform(x.floats().begin(), x.floats().end(), there.floats().begin(),
                           [&](float at) { return at + by; });
            return compute("tanh_normalize", {there, range})[0];
        };
        const Array above = moved(kStep), below = moved(-kStep),
                    found = compute("tanh_normalize_gradient", {dy, x, range})[0];
        const double bound = kStep * kStep / 3 + 0x1p-22 / kStep;
        for (size_t i = 0; i < 99; ++i) {
            const double slope =
                (double{above.floats()[i]} - double{below.floats()[i]}) / (2 * double{kStep});
            EXPECT_NEAR(found.floats()[i], dy.floats()[i] * slope,
                        std::fabs(dy.floats()[i]) * bound / std::tanh(double{most}))
                << x.floats()[i] << " of " << most;
        }
    }
}

/** The seed's words and the step. */
Array key(uint32_t low, uint32_t high = 0, uint32_t step = 0) {
    return make_array<uint32_t>(UInt(32), {3}, {low, high, step});
}

Attributes dropout_of(double rate, int64_t stream = 0, int64_t ahead = 0) {
    return {{"rate", rate}, {"stream", stream}, {"ahead", ahead}};
}

/** Six standard deviations of a count of `n` independent events of probability p. */
double six_sigma(double n, double p) { return 6 * std::sqrt(n * p * (1 - p)); }

constexpr int64_t kDraws = 100000;

Array ones() { return make_floats({100, kDraws / 100}, std::vector<float>(kDraws, 1)); }

TEST(Dropout, TakesOutItsShareAndGrowsTheRest) {
    for (const double rate : {0.0, 0.1, 0.5, 0.9}) {
        const auto y = elements(compute("dropout_train", {ones(), key(1)}, dropout_of(rate))[0]);
        const auto zeros = std::count(y.begin(), y.end(), 0.0F);
        EXPECT_NEAR(static_cast<double>(zeros), rate * kDraws, six_sigma(kDraws, rate)) << rate;
        EXPECT_EQ(std::count(y.begin(), y.end(), static_cast<float>(1 / (1 - rate))) + zeros, kDraws) << rate;
    }
}

TEST(Dropout, IsAnotherInEveryStepStreamAndRun) {
    const auto drop = [](const Array &k, int64_t stream = 0, int64_t ahead = 0) {
        return elements(compute("dropout_train", {ones(), k}, dropout_of(0.5, stream, ahead))[0]);
    };
    const auto first = drop(key(1));
    EXPECT_EQ(drop(key(1)), first);
    EXPECT_EQ(drop(key(1, 0, 3), 0, 0), drop(key(1, 0, 1), 0, 2));
    for (const auto &other : {drop(key(2)), drop(key(1, 1)), drop(key(1, 0, 1)), drop(key(1), 1)}) {
        double equal = 0;
        for (size_t i = 0; i < first.size(); ++i) {
            equal += first[i] == other[i] ? 1 : 0;
        }
        EXPECT_NEAR(equal, kDraws / 2, six_sigma(kDraws, 0.5));
    }
}

TEST(Dropout, TakesTheGradientOfWhatItKept) {
    Random random(1);
    Graph graph;
    const ValueId x = graph.add_constant("x", random.floats({7, 33}, 1, 2)),
                  dy = graph.add_constant("dy", random.floats({7, 33}, 1, 2)),
                  k = graph.add_constant("k", key(5));
    const ValueId y = graph.add_one("dropout_train", "drop", {x, k}, dropout_of(0.5, 9));
    const Node node = graph.producer(y);
    const ValueId dx = dropout_train_op.gradient(graph, node, std::vector{dy}).at(0);
    graph.outputs = {y, dx, x, dy};
    const auto found = interpret_outputs(graph, {});
    for (size_t i = 0; i < 7 * 33; ++i) {
        const bool kept = found[0].floats()[i] != 0;
        EXPECT_EQ(found[0].floats()[i], kept ? found[2].floats()[i] * 2 : 0);
        EXPECT_EQ(found[1].floats()[i], kept ? found[3].floats()[i] * 2 : 0);
    }
}

TEST(StochasticSign, IsPlusOneWithTheProbabilityOfTheHardSigmoid) {
    const float nan = std::numeric_limits<float>::quiet_NaN(), over = std::numeric_limits<float>::infinity();
    for (const float x : {-over, -7.0F, -1.0F, -0.9F, -0.5F, -0.0F, 0.25F, 0.98F, 1.0F, 1.5F, over, nan}) {
        const Array codes = compute(
            "quantize_train", {make_floats({100, kDraws / 100}, std::vector<float>(kDraws, x)), key(1)},
            {{"quantizer", "stochastic_sign"}, {"stream", int64_t{4}}, {"ahead", int64_t{0}}})[0];
        const auto bits = codes.as<uint8_t>();
        const double p = std::isnan(x) ? 0 : std::clamp((double{x} + 1) / 2, 0.0, 1.0);
        EXPECT_NEAR(static_cast<double>(std::count(bits.begin(), bits.end(), 1)), p * kDraws,
                    six_sigma(kDraws, p))
            << x;
        EXPECT_EQ(std::count(bits.begin(), bits.end(), 0) + std::count(bits.begin(), bits.end(), 1), kDraws);
    }
}

TEST(Adam, IsItsFormula) {
    Random random(5);
    for (const double clip : {0.0, 1.0}) {
        const Array w = random.floats({3, 5}, -1, 1), m = random.floats({3, 5}, -0.1F, 0.1F),
                    v = random.floats({3, 5}, 0, 0.01F), g = random.floats({3, 5});
        const auto found =
            compute("adam", {w, m, v, g, make_floats({1}, {0.3F})},
                    {{"beta1", 0.9}, {"beta2", 0.999}, {"eps", 1e-8}, {"scale", 1.7}, {"clip", clip}});
        for (size_t i = 0; i < 15; ++i) {
            const double next_m = 0.9 * m.floats()[i] + 0.1 * g.floats()[i];
            const double next_v = 0.999 * v.floats()[i] + 0.001 * g.floats()[i] * g.floats()[i];
            const double moved = w.floats()[i] + 1.7 * -double{0.3F} * next_m / (std::sqrt(next_v) + 1e-8);
            EXPECT_NEAR(found[0].floats()[i], clip > 0 ? std::min(1.0, std::max(-1.0, moved)) : moved, 1e-6);
            EXPECT_NEAR(found[1].floats()[i], next_m, 1e-7);
            EXPECT_NEAR(found[2].floats()[i], next_v, 1e-7);
        }
    }
}

TEST(Sgd, IsPyTorchsFormulaScaledAndClipped) {
    const Array w = make_floats({3}, {0.5F, -0.5F, 0.9F}), m = make_floats({3}, {1, -1, -2}),
                g = make_floats({3}, {0.5F, 0.5F, -1});
    const auto found = compute("sgd", {w, m, g, make_floats({1}, {0.125F})},
                               {{"momentum", 0.5}, {"scale", 2.0}, {"clip", 1.0}});
    EXPECT_EQ(elements(found[1]), (std::vector<float>{1, 0, -2}));
    EXPECT_EQ(elements(found[0]), (std::vector<float>{0.25F, -0.5F, 1}));
    const auto free = compute("sgd", {w, m, g, make_floats({1}, {0.125F})},
                              {{"momentum", 0.5}, {"scale", 1.0}, {"clip", 0.0}});
    EXPECT_EQ(elements(free[0]), (std::vector<float>{0.375F, -0.5F, 1.15F}));
}

}  // namespace

}  // namespace quantide
