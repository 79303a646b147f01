#include "training/evaluator.h"

#include "tests/base/expect_error.h"
#include "tests/dsl/random_network.h"

namespace quantide {

namespace {

/** Every level that this CPU has; the tests of others run where they exist. */
std::vector<const CpuLevel *> host_levels() {
    std::vector<const CpuLevel *> result;
    for (const CpuLevel &level : all_levels()) {
        if (host_runs(level)) {
            result.push_back(&level);
        }
    }
    return result;
}

TEST(Evaluator, GivesTheInterpretersBitsAtEveryLevel) {
    for (uint32_t seed = 0; seed < 8; ++seed) {
        Random random(seed);
        const Graph network = random_network(random);
        const Arrays parameters = random_parameters(network, random, seed % 2 == 1);
        std::vector<Arrays> batches;
        for (int64_t rows : {1, 3, 65}) {
            batches.push_back(random_batch(network, random, rows, 2));
        }
        for (const CpuLevel *level : host_levels()) {
            SCOPED_TRACE(testing::Message() << "seed " << seed << ", level " << level->name << "\n"
                                            << print(network));
            JitOptions options;
            options.level = level;
            Evaluator evaluator(network, parameters, options);
            for (const Arrays &batch : batches) {
                EXPECT_EQ(evaluator.run(batch.at("image")),
                          interpret_outputs(network, join(parameters, batch))[0]);
            }
        }
    }
}

TEST(Evaluator, RefusesMemoryThatCannotBe) {
    const Graph network = build("net", [] { return dense(input("image", {5}, Float(32)), {.units = 2}); });
    Evaluator evaluator(network, {{"dense1.weight", Array(Float(32), {2, 5})}});
    const std::vector<float> inputs(5);
    std::vector<float> scores(2);
    expect_error([&] { evaluator.run(inputs.data(), -1, scores.data()); },
                 {"network 'net'", "rows >= 0", "-1"});
    expect_error([&] { evaluator.run(nullptr, 1, scores.data()); }, {"network 'net'", "null pointer"});
    expect_error([&] { evaluator.run(inputs.data(), 1, nullptr); }, {"network 'net'", "null pointer"});
    EXPECT_NO_THROW(evaluator.run(nullptr, 0, nullptr));
}

TEST(Evaluator, RefusesImagesOfAnotherSize) {
    const Graph network = build("net", [] {
        const Tensor x = conv2d(input("image", {3, 6, 5}, UInt(8)), {.channels = 2, .weights = sign()});
        return dense(flatten(x), {.units = 2});
    });
    Random random(1);
    Evaluator evaluator(network, random_parameters(network, random));
    for (const Shape &shape : {Shape{2, 3, 5, 6}, Shape{2, 1, 6, 5}, Shape{2, 90}, Shape{90}, Shape{}}) {
        expect_error(
            [&] { evaluator.run(Array(UInt(8), shape)); },
            {"input 'image' of network 'net'", "expected u8[N, 3, 6, 5]", "found u8" + to_string(shape)});
    }
    expect_error(
        [&] {
            evaluator.run(Array(Float(32), {2, 3, 6, 5}));
        },
        {"input 'image' of network 'net'", "found f32[2, 3, 6, 5]"});
}

TEST(Evaluator, TakesTheSignOfNanAndMinusZeroAsTheInterpreterDoes) {
    const Graph network = build("net", [] {
        return dense(quantize(input("image", {5}, Float(32)), sign()), {.units = 1, .weights = sign()});
    });
    const float nan = std::numeric_limits<float>::quiet_NaN(),
                infinity = std::numeric_limits<float>::infinity();
    const Arrays parameters{{"dense1.weight", make_floats({1, 5}, {1, 1, 1, 1, 1})}};
    for (const CpuLevel *level : host_levels()) {
        SCOPED_TRACE(level->name);
        JitOptions options;
        options.level = level;
        Evaluator evaluator(network, parameters, options);
        EXPECT_EQ(
            elements(evaluator.run(make_floats({4, 5}, {nan,      -nan,  nan,       -nan,  nan,        //
                                                        0.0F,     -0.0F, 0.0F,      -0.0F, 1e-45F,     //
                                                        -1e-45F,  -1,    -infinity, nan,   -infinity,  //
                                                        infinity, 1,     -0.0F,     nan,   -1e-45F}))),
            (std::vector<float>{-5, 5, -5, 1}));
    }
}

Graph small() {
    return build("net", [] {
        Tensor x = input("image", {33}, UInt(8), {.scale = 0.125F, .offset = -1});
        x = quantize(batch_norm(dense(x, {.units = 65, .weights = sign()})), sign());
        return batch_norm(dense(x, {.units = 3, .weights = sign()}));
    });
}

TEST(Evaluator, TakesMoreRowsThanACall) {
    Random random(1);
    const Graph network = small();
    const Arrays parameters = random_parameters(network, random),
                 batch = random_batch(network, random, 401, 3);
    Evaluator evaluator(network, parameters);
    EXPECT_EQ(evaluator.run(batch.at("image")), interpret_outputs(network, join(parameters, batch))[0]);
}

TEST(Evaluator, TakesOtherParameters) {
    Random random(2);
    const Graph network = small();
    Evaluator evaluator(network, random_parameters(network, random));
    for (int round = 0; round < 3; ++round) {
        const Arrays parameters = random_parameters(network, random, round == 2),
                     batch = random_batch(network, random, 7, 3);
        evaluator.set_parameters(parameters);
        EXPECT_EQ(evaluator.run(batch.at("image")), interpret_outputs(network, join(parameters, batch))[0]);
    }
}

TEST(Evaluator, RefusesInputsThatDoNotFit) {
    Random random(3);
    const Graph network = small();
    Evaluator evaluator(network, random_parameters(network, random));
    expect_error(
        [&] {
            evaluator.run(Array(UInt(8), {2, 32}));
        },
        {"input 'image'", "u8[N, 33]", "u8[2, 32]"});
    expect_error(
        [&] {
            evaluator.run(Array(Float(32), {2, 33}));
        },
        {"input 'image'", "u8[N, 33]", "f32[2, 33]"});
    expect_error([&] { evaluator.run(Array(UInt(8), {33})); }, {"input 'image'", "u8[33]"});
}

TEST(ErrorRate, CountsRowsWhoseFirstHighestScoreIsNotTheLabels) {
    const Array scores = make_floats({4, 3}, {1, 2, 3, 5, 5, 1, 0, 0, 0, -1, -2, -3});
    EXPECT_EQ(error_rate(scores, make_array<uint8_t>(UInt(8), {4}, {2, 0, 0, 0})), 0);
    EXPECT_EQ(error_rate(scores, make_array<uint8_t>(UInt(8), {4}, {2, 1, 1, 1})), 0.75);
    EXPECT_EQ(error_rate(scores, make_array<uint8_t>(UInt(8), {4}, {0, 1, 2, 9})), 1);
}

}  // namespace

}  // namespace quantide
