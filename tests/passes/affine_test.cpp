#include "compiler/ops/affine.h"

#include "tests/base/expect_error.h"
#include "tests/dsl/affine_network.h"
#include "tests/passes/interpreted_trainer.h"

#include <cmath>

namespace quantide {

namespace {

TEST(Affine, CodesAreTheNearestOfEvenSteps) {
    Random random(1);
    for (int bits = 1; bits <= 8; ++bits) {
        const int most = (1 << bits) - 1;
        for (int round = 0; round < 200; ++round) {
            const float min = random.real(-3, 3), max = min + random.real(0.01F, 4),
                        x = random.real(min - 0.5F, max + 0.5F);
            const AffineRange range = affine_range(min, max, bits);
            const double step = (double{max} - min) / most, position = (double{x} - min) / step;
            const int code = affine_code(range, x, bits);
            EXPECT_LE(std::fabs(std::clamp(position, 0.0, static_cast<double>(most)) - code), 0.5 + 1e-4);
            EXPECT_NEAR(affine_number(range, static_cast<uint8_t>(code)), min + step * code, 1e-5);
            // The integers of the encoding stand for the same numbers.
            const AffineView view = affine_view(range, bits);
            const int64_t q = integer_view(affine_encoding(bits))(code);
            EXPECT_NEAR(view.scale * static_cast<float>(q) + view.offset, min + step * code, 1e-5);
        }
        const AffineRange range = affine_range(-1, 2, bits);
        EXPECT_EQ(affine_code(range, NAN, bits), 0);
        EXPECT_EQ(affine_code(range, -INFINITY, bits), 0);
        EXPECT_EQ(affine_code(range, INFINITY, bits), most);
        const AffineRange point = affine_range(0.3F, 0.3F, bits);
        EXPECT_EQ(affine_code(point, 0.3F, bits), 0);
        EXPECT_EQ(affine_number(point, affine_code(point, 0.3F, bits)), 0.3F);
    }
}

/** The networks' products by float32 numbers in double. */
std::vector<double> naive_dense(const Array &x, const Array &w) {
    const auto depth = static_cast<size_t>(x.shape[1]), units = static_cast<size_t>(w.shape[0]);
    std::vector<double> y;
    for (size_t n = 0; n < static_cast<size_t>(x.shape[0]); ++n) {
        for (size_t m = 0; m < units; ++m) {
            double sum = 0;
            for (size_t k = 0; k < depth; ++k) {
                sum += double{x.floats()[n * depth + k]} * w.floats()[m * depth + k];
            }
            y.push_back(sum);
        }
    }
    return y;
}

TEST(Affine, ProductsAreThoseOfTheNumbers) {
    Random random(2);
    for (const auto &[x_bits, w_bits] :
         {std::pair(8, 8), std::pair(8, 3), std::pair(2, 8), std::pair(1, 1)}) {
        const int bits_x = x_bits, bits_w = w_bits;
        SCOPED_TRACE(testing::Message() << bits_x << " x " << bits_w);
        const Graph network = build("net", [&] {
            const Tensor x = quantize(input("image", {33}, Float(32)), affine(bits_x));
            return dense(x, {.units = 5, .weights = affine_per_channel(bits_w)});
        });
        const Arrays parameters = random_affine_parameters(network, random),
                     batch = random_batch(network, random, 7, 2);
        const auto values = interpret(network, join(parameters, batch));
        const auto find = [&](const char *name) { return values.at(network.find(name)); };
        const std::vector<double> expected =
            naive_dense(find("quantize1.numbers"), find("dense1.weight.numbers"));
        const Array &found = find("dense1");
        for (size_t i = 0; i < expected.size(); ++i) {
            // Terms of at most 33 * 3 * 2 each way, a few roundings each.
            EXPECT_NEAR(found.floats()[i], expected[i], 1e-4);
        }
    }
}

TEST(Affine, EveryPassKeepsTheMeaningOfRandomNetworks) {
    for (uint32_t seed = 0; seed < 40; ++seed) {
        Random random(seed);
        const Graph network = random_affine_network(random);
        SCOPED_TRACE(testing::Message() << "seed " << seed << "\n" << print(network));
        const Arrays parameters = random_affine_parameters(network, random),
                     batch = random_batch(network, random, random.integer(1, 3), 2);
        const std::vector<Array> expected = interpret_outputs(network, join(parameters, batch));
        PassOptions options;
        options.parameters = &parameters;
        const Graph deployed =
            run_passes(network, deployment_passes(), options, [&](const Pass &pass, const Graph &graph) {
                EXPECT_EQ(interpret_outputs(graph, batch), expected) << pass.name << "\n" << print(graph);
                return !testing::Test::HasFailure();
            });
        for (const Node &node : deployed.nodes) {
            EXPECT_TRUE(node.op != "affine_view" && node.op != "affine_terms") << node.name;
        }
    }
}

TEST(Affine, TrainingPassesKeepTheMeaningOfAStep) {
    for (uint32_t seed = 0; seed < 12; ++seed) {
        Random random(seed);
        const Graph network = random_affine_network(random);
        SCOPED_TRACE(testing::Message() << "seed " << seed << "\n" << print(network));
        const PassOptions options = training_options(squared_hinge(), sgd(), 3);
        Arrays bindings, expected;
        run_passes(network, training_passes(), options, [&](const Pass &pass, const Graph &graph) {
            if (pass.name == std::string("fix_batch")) {
                const int64_t classes = network.value(network.outputs[0]).shape[1];
                bindings = join(random_batch(graph, random, 3, classes),
                                initial_states(graph, random_affine_parameters(network, random)));
                bindings["rate"] = make_floats({1}, {0.01F});
                bindings["random"] = random_key(1, 0);
                expected = step_results(graph, bindings);
            } else if (pass.name == std::string("integer_products")) {
                EXPECT_EQ(step_results(graph, bindings), expected) << print(graph);
            }
            return true;
        });
    }
}

TEST(Affine, RangesAreAveragesThatBeginWithTheFirstBatch) {
    const Graph network = build("net", [] {
        return dense(quantize(input("image", {2}, Float(32)), affine(8)), {.units = 1, .weights = sign()});
    });
    InterpretedTrainer trainer(
        network, squared_hinge(), sgd(), 2,
        {{"quantize1.range", Array(Float(32), {2})}, {"dense1.weight", make_floats({1, 2}, {0.5F, -0.5F})}});
    const Array labels = make_array<uint8_t>(UInt(8), {2}, {0, 0});
    const auto range_after = [&](const std::vector<float> &x) {
        trainer.step({{"image", make_floats({2, 2}, x)}, {"labels", labels}}, 0);
        return elements(trainer.states().at("quantize1.range"));
    };
    // All equal: no range, and nothing that is no number.
    EXPECT_EQ(range_after({3, 3, 3, 3}), (std::vector<float>{3, 3}));
    EXPECT_EQ(elements(trainer.scores()), (std::vector<float>{0, 0}));
    EXPECT_EQ(range_after({-1, 3, -3, 1}), (std::vector<float>{-2, 2}));
    EXPECT_EQ(range_after({8, -12, 8, -12}),
              (std::vector<float>{0.9F * -2 + 0.1F * -12, 0.9F * 2 + 0.1F * 8}));
}

TEST(Affine, NetworksWithoutAScaleAreRefusedByLayer) {
    const Graph network = build("net", [] {
        const Tensor x = quantize(input("image", {3}, Float(32)), affine(8), "codes");
        return dense(x, {.units = 2, .weights = affine_per_channel(4)});
    });
    const Arrays good{{"codes.range", make_floats({2}, {-1, 2})},
                      {"dense1.weight", make_floats({2, 3}, {1, 2, 3, -1, 0, 5})}};
    const auto freeze_with = [&](const std::string &name, const Array &array) {
        Arrays parameters = good;
        parameters[name] = array;
        PassOptions options;
        options.parameters = &parameters;
        freeze(network, options);
    };
    EXPECT_NO_THROW(freeze_with("codes.range", good.at("codes.range")));
    const float infinity = std::numeric_limits<float>::infinity();
    for (const std::vector<float> &ends : std::vector<std::vector<float>>{
             {0, 0}, {2, 1}, {0, infinity}, {NAN, 1}, {-3e38F, 3e38F}, {0, 1e-45F}}) {
        expect_error([&] { freeze_with("codes.range", make_floats({2}, ends)); },
                     {"quantize 'codes' of network 'net'", "a step above 0", "training measures it"});
    }
    expect_error(
        [&] {
            freeze_with("dense1.weight", make_floats({2, 3}, {1, 2, 3, 7, 7, 7}));
        },
        {"'dense1.weight' of network 'net'", "found 7 to 7 of output 1", "sign()"});
    expect_error(
        [&] {
            freeze_with("dense1.weight", make_floats({2, 3}, {1, 2, infinity, 7, 8, 7}));
        },
        {"'dense1.weight'", "found 1 to inf of output 0"});
}

TEST(Affine, PrecisionsThatCannotBeAreRefusedByLayer) {
    const auto layer = [](const Precision &weights, const Precision &activations) {
        build("net", [&] {
            const Tensor x = quantize(input("image", {3}, Float(32)), activations);
            return dense(x, {.units = 2, .weights = weights});
        });
    };
    for (const int bits : {0, 9, -1, 1 << 20}) {
        const std::string found = "affine(" + std::to_string(bits) + ")";
        expect_error([&] { layer(affine(bits), sign()); }, {"dense 'dense1'", "1 to 8 bits", found});
        expect_error([&] { layer(sign(), affine(bits)); }, {"quantize 'quantize1'", "1 to 8 bits", found});
    }
    expect_error([&] { layer({"affine(8x)"}, sign()); }, {"dense 'dense1'", "affine(8x)"});
    expect_error([&] { layer(sign(), affine_per_channel(8)); },
                 {"quantize 'quantize1'", "weights alone", "affine_per_channel(8)"});
    expect_error([&] { layer(in_training(affine(8)), sign()); }, {"dense 'dense1'", "in_training()"});
    EXPECT_NO_THROW(layer(affine(8), sign()));
}

}  // namespace

}  // namespace quantide
