#include "compiler/base/ap2.h"
#include "tests/base/expect_error.h"
#include "tests/passes/interpreted_trainer.h"

#include <set>

namespace quantide {

namespace {

/** Random numbers for every state, so that moments matter. */
Arrays random_states(const Graph &graph, const Arrays &parameters, Random &random) {
    Arrays states = initial_states(graph, parameters);
    for (auto &[name, array] : states) {
        if (name.ends_with(".m") || name.ends_with(".v")) {
            array = random.floats(array.shape, name.ends_with(".v") ? 0.0F : -0.1F, 0.1F);
        }
    }
    return states;
}

void expect_close(const Arrays &found, const Arrays &expected, double relative) {
    ASSERT_EQ(found.size(), expected.size());
    for (const auto &[name, array] : expected) {
        SCOPED_TRACE(name);
        if (array.type == Float(32)) {
            expect_near(found.at(name), array, relative, relative);
        } else {
            EXPECT_EQ(found.at(name), array);
        }
    }
}

class TrainingPasses : public testing::TestWithParam<bool> {};

TEST_P(TrainingPasses, KeepTheMeaningOfAStep) {
    for (uint32_t seed = 0; seed < 60; ++seed) {
        SCOPED_TRACE(testing::Message() << "seed " << seed);
        Random random(seed);
        const Graph network =
            random_network(random, {.sizes = {1, 2, 3, 5, 33, 65}, .draws = GetParam(), .norms = false});
        const int64_t batch = random.integer(1, 7);
        const PassOptions options =
            training_options(random.coin() ? squared_hinge() : softmax_cross_entropy(),
                             random.coin() ? adam() : sgd(0.9), batch);
        Arrays bindings, expected;
        run_passes(network, training_passes(), options, [&](const Pass &pass, const Graph &graph) {
            SCOPED_TRACE(testing::Message() << pass.name << "\n" << print(graph));
            if (bindings.empty()) {
                bindings = random_states(graph, random_parameters(network, random), random);
                bindings["rate"] = make_floats({1}, {0.01F});
                bindings["random"] = random_key(1, 0);
                bindings = join(
                    bindings, random_batch(graph, random, batch, network.value(network.outputs[0]).shape[1]));
                expected = step_results(graph, bindings);
            }
            // Recomputed batch norms are in float32, the others in double.
            const bool exact = std::string(pass.name) != "rematerialize";
            const Arrays found = step_results(graph, bindings);
            expect_close(found, expected, exact ? 0 : 2e-5);
            expected = found;
            return !testing::Test::HasFailure();
        });
    }
}

INSTANTIATE_TEST_SUITE_P(Drawing, TrainingPasses, testing::Bool());

TEST(Differentiate, DrawsFromAStreamOfItsOwnEach) {
    const Graph network = build("net", [] {
        Tensor x = input("image", {5}, UInt(8));
        x = dense(x, {.units = 3, .weights = stochastic_sign()});
        x = dropout(hardtanh(x), {.rate = 0.25});
        return dense(dropout(x), {.units = 2, .weights = stochastic_sign()});
    });
    const Graph graph = differentiate(network, training_options(squared_hinge(), adam(), 4));
    std::map<std::string, std::pair<int64_t, int64_t>> streams;  // by node: stream, steps ahead
    for (const Node &node : graph.nodes) {
        if (node.op == "dropout_train" || node.op == "quantize_train") {
            streams[node.name] = {node.integer("stream"), node.integer("ahead")};
        }
    }
    ASSERT_EQ(streams.size(), 6U);
    EXPECT_EQ(streams.at("dropout1.gradient"), streams.at("dropout1"));
    EXPECT_EQ(streams.at("dropout2.gradient"), streams.at("dropout2"));
    std::set<int64_t> distinct;
    for (const auto &[name, stream] : streams) {
        EXPECT_EQ(stream.second, name.ends_with(".next") ? 1 : 0) << name;
        distinct.insert(stream.first);
    }
    EXPECT_EQ(distinct.size(), 4U);
}

/** True of codes that stand for 0 or powers of two: a product with one is a shift, or nothing. */
bool has_powers_alone(const Value &value) {
    if (value.encoding.plain()) {
        return false;
    }
    for (int64_t code = 0; code < int64_t{1} << value.type.bits; ++code) {
        int exponent = 0;
        const float mantissa = std::fabs(std::frexp(number_of(value.encoding, code), &exponent));
        if (mantissa != 0 && mantissa != 0.5F) {
            return false;
        }
    }
    return true;
}

/** An MLP of Lin et al. 2016 whose last layer draws what its weight gradient reads. */
Graph few_multiplications() {
    return build("net", [] {
        const DenseOptions options{.units = 6,
                                   .weights = in_training(stochastic_ternary()),
                                   .weight_gradient_inputs = stochastic_power_of_two()};
        Tensor x = input("image", {5}, Float(32));
        for (int layer = 0; layer < 3; ++layer) {
            x = relu(batch_norm(dense(x, options)));
        }
        return batch_norm(dense(x, options));
    });
}

TEST(Differentiate, LeavesNoMultiplicationInProductsWithFewMultiplications) {
    const Graph graph = differentiate(few_multiplications(), training_options(squared_hinge(), adam(), 4));
    std::map<std::string, int> products;
    for (const Node &node : graph.nodes) {
        if (node.op.starts_with("dense")) {
            const bool shifts = has_powers_alone(graph.value(node.inputs[0])) ||
                                has_powers_alone(graph.value(node.inputs[1]));
            EXPECT_TRUE(shifts) << node.name;
            ++products[node.op];
        }
    }
    const std::map<std::string, int> expected = {
        {"dense", 4}, {"dense_input_gradient", 3}, {"dense_weight_gradient", 4}};
    EXPECT_EQ(products, expected);
    // Evaluated, it is a network of real weights.
    for (const Node &node : few_multiplications().nodes) {
        EXPECT_NE(node.op, "quantize");
    }
}

TEST(Differentiate, DrawsInputsOfWeightGradientsWithoutBias) {
    const Graph network = build("net", [] {
        return dense(input("image", {3}, Float(32)),
                     {.units = 2, .weight_gradient_inputs = stochastic_power_of_two()});
    });
    const PassOptions options = training_options(squared_hinge(), sgd(0), 4);
    const Graph graph = fix_batch(differentiate(network, options), options);
    const auto node = std::find_if(graph.nodes.begin(), graph.nodes.end(),
                                   [](const Node &each) { return each.op == "dense_weight_gradient"; });
    ASSERT_NE(node, graph.nodes.end());
    Random random(7);
    Arrays bindings =
        join(initial_states(graph, random_parameters(network, random)), random_batch(graph, random, 4, 2));
    bindings["rate"] = make_floats({1}, {0.01F});
    constexpr int kSteps = 8000;
    std::vector<double> mean(6), exact(6), variance(6);
    for (int step = 0; step < kSteps; ++step) {
        bindings["random"] = random_key(1, step);
        const auto values = interpret(graph, bindings);
        const auto dw = values.at(node->outputs[0]).floats(), dy = values.at(node->inputs[0]).floats();
        const std::span<const float> x = bindings.at("image").floats();
        for (size_t i = 0; i < mean.size(); ++i) {
            mean[i] += double{dw[i]} / kSteps;
            for (size_t n = 0; n < 4 && step == 0; ++n) {
                const double term = double{dy[n * 2 + i / 3]} * x[n * 3 + i % 3];
                exact[i] += term;
                variance[i] += term * term / 4;  // at most: 2^e or 2^(e + 1), in halves, with 2^e <= |x|
            }
        }
    }
    for (size_t i = 0; i < mean.size(); ++i) {
        EXPECT_NEAR(mean[i], exact[i], 5 * std::sqrt(variance[i] / kSteps));
    }
}

TEST(Differentiate, GivesTheGradientOfTheLoss) {
    for (uint32_t seed = 0; seed < 6; ++seed) {
        SCOPED_TRACE(testing::Message() << "seed " << seed);
        Random random(seed);
        const Graph network = build("net", [&] {
            Tensor x = input("image", {5}, Float(32));
            x = batch_norm(dense(x, {.units = 4}), {.eps = 0.1});
            x = dense(x, {.units = 6});
            return seed % 2 == 0 ? batch_norm(x, {.eps = 0.1}) : x;
        });
        const Loss loss = seed < 3 ? squared_hinge() : softmax_cross_entropy();
        constexpr double kRate = 0.5;
        const Arrays parameters = random_parameters(network, random),
                     batch = random_batch(network, random, 9, 6);
        const Arrays labels{{"labels", random.codes(UInt(8), {9}, 6)}};
        const auto train = [&](const Arrays &at) {
            InterpretedTrainer trainer(network, loss, sgd(), 9, at);
            const float value = trainer.step(join(batch, labels), kRate);
            return std::pair(double{value}, trainer.states());
        };
        const Arrays next = train(parameters).second;
        for (const auto &[name, array] : parameters) {
            if (name.find("running") != std::string::npos) {
                continue;
            }
            SCOPED_TRACE(name);
            for (size_t i = 0; i < array.floats().size(); i += 3) {
                constexpr float kStep = 2e-3F;
                Arrays up = parameters, down = parameters;
                up.at(name).floats()[i] += kStep;
                down.at(name).floats()[i] -= kStep;
                const double expected = (train(up).first - train(down).first) / (2 * double{kStep});
                EXPECT_NEAR((array.floats()[i] - next.at(name).floats()[i]) / kRate, expected, 2e-3);
            }
        }
    }
}

TEST(Differentiate, MovesStatisticsByTheBatchs) {
    const Graph network =
        build("net", [] { return batch_norm(input("image", {2}, Float(32)), {.momentum = 0.25}); });
    Random random(1);
    InterpretedTrainer trainer(network, squared_hinge(), sgd(), 2,
                               {{"batch_norm1.weight", make_floats({2}, {1, 1})},
                                {"batch_norm1.bias", make_floats({2}, {0, 0})},
                                {"batch_norm1.running_mean", make_floats({2}, {0, 4})},
                                {"batch_norm1.running_var", make_floats({2}, {1, 4})}});
    trainer.step({{"image", make_floats({2, 2}, {0, 8, 4, 8})}, {"labels", Array(UInt(8), {2})}}, 0.1);
    EXPECT_EQ(elements(trainer.states().at("batch_norm1.running_mean")), (std::vector<float>{0.5F, 5}));
    EXPECT_EQ(elements(trainer.states().at("batch_norm1.running_var")), (std::vector<float>{1.75F, 3}));
}

TEST(Differentiate, KeepsCodesThatAreThoseOfTheWeights) {
    for (const Optimizer &optimizer : {adam(), shift_adamax(), sgd(0.5)}) {
        SCOPED_TRACE(optimizer.op);
        Random random(1);
        const Graph network = random_network(random, {.sizes = {3, 33, 65}, .float_layers = false});
        InterpretedTrainer trainer(network, squared_hinge(), optimizer, 7,
                                   random_parameters(network, random));
        for (int step = 0; step < 5; ++step) {
            Arrays batch = random_batch(trainer.graph(), random, 7, 3);
            trainer.step(batch, 0.05);
            for (const Node &node : trainer.graph().nodes) {
                if (node.op != "parameter" || !node.has("of")) {
                    continue;
                }
                const Array &weights = trainer.states().at(node.text("of"));
                EXPECT_EQ(trainer.states().at(node.name), codes_of(node, weights));
                for (float w : weights.floats()) {
                    EXPECT_LE(std::fabs(w), 1);
                }
            }
        }
    }
}

TEST(Differentiate, ScalesTheRateOfLatentWeightsByTheirFans) {
    const Graph network = build("net", [] {
        Tensor x = dense(input("image", {5}, UInt(8)), {.units = 3, .weights = sign()});
        return dense(batch_norm(x), {.units = 2});
    });
    const Graph graph = differentiate(network, training_options(squared_hinge(), adam(), 4));
    const auto update_of = [&](const std::string &name) {
        const auto found =
            std::find_if(graph.updates.begin(), graph.updates.end(),
                         [&](const StateUpdate &update) { return graph.value(update.state).name == name; });
        return graph.producer(found->next);
    };
    EXPECT_NEAR(update_of("dense1.weight").real("scale"), std::sqrt((5 + 3) / 1.5), 1e-12);
    EXPECT_EQ(update_of("dense1.weight").real("clip"), 1);
    for (const char *name : {"dense2.weight", "batch_norm1.weight", "batch_norm1.bias"}) {
        EXPECT_EQ(update_of(name).real("scale"), 1) << name;
        EXPECT_EQ(update_of(name).real("clip"), 0) << name;
    }
    EXPECT_EQ(update_of("dense1.weight.sign").op, "quantize");
}

TEST(Differentiate, RefusesANetworkWithoutParameters) {
    const Graph network = build("net", [] { return hardtanh(input("image", {5}, Float(32))); });
    expect_error([&] { differentiate(network, training_options(squared_hinge(), adam(), 4)); },
                 {"network 'net'", "parameters to train"});
}

bool is_power_of_two(float x) { return x != 0 && ap2(x) == x; }

TEST(ShiftAdamax, MultipliesByPowersOfTwoAlone) {
    const Graph network = build("net", [] {
        Tensor x = dense(input("image", {7}, Float(32)), {.units = 33, .weights = sign()});
        return batch_norm(dense(quantize(shift_batch_norm(x), sign()), {.units = 3}));
    });
    Random random(3);
    const Optimizer optimizer = shift_adamax();
    InterpretedTrainer trainer(network, squared_hinge(), optimizer, 16, random_parameters(network, random));
    Arrays before;
    for (int step = 1; step <= 6; ++step) {
        trainer.step(random_batch(trainer.graph(), random, 16, 3), 0.01);
        EXPECT_TRUE(is_power_of_two(
            static_cast<float>(find_optimizer("shift_adamax")->step_rate(optimizer.attributes, 0.01, step))));
        int updates = 0;
        for (const Node &node : trainer.graph().nodes) {
            if (node.op != "shift_adamax") {
                continue;
            }
            ++updates;
            EXPECT_TRUE(is_power_of_two(static_cast<float>(node.real("scale")))) << node.name;
            const std::string v = trainer.graph().value(node.inputs[2]).name;
            const Array &now = trainer.states().at(v);
            for (size_t i = 0; i < now.floats().size(); ++i) {
                ASSERT_TRUE(is_power_of_two(now.floats()[i])) << v << " " << now.floats()[i];
                // As published, v never falls.
                ASSERT_TRUE(before.count(v) == 0 || now.floats()[i] >= before.at(v).floats()[i]);
            }
            before[v] = now;
        }
        EXPECT_EQ(updates, 6);
    }
}

TEST(Differentiate, RefusesARangeOfOneElement) {
    const Graph network = build("net", [] {
        return range_batch_norm(dense(input("image", {5}, UInt(8)), {.units = 3, .weights = sign()}),
                                {.name = "narrow"});
    });
    const PassOptions one = training_options(squared_hinge(), adam(), 1),
                      two = training_options(squared_hinge(), adam(), 2);
    expect_error([&] { run_passes(network, training_passes(), one); },
                 {"range_batch_norm 'narrow'", "at least 2 elements of a channel in a batch", "found 1"});
    EXPECT_NO_THROW(run_passes(network, training_passes(), two));
}

TEST(Differentiate, AveragesEachNormalizationsStatistic) {
    // Of 0, 2, 4, 10 in a batch: mean 4, differences -4, -2, 0, 6; AP2 of 6 is 8.
    const std::map<std::string, std::pair<std::function<Tensor(const Tensor &)>, double>> norms = {
        {"running_invstd",
         {[](const Tensor &x) { return shift_batch_norm(x, {.eps = 1, .momentum = 0.25}); },
          1 / std::sqrt((16 + 4 + 0 + 48) / 4.0 + 1)}},
        {"running_scale",
         {[](const Tensor &x) { return range_batch_norm(x, {.momentum = 0.25}); },
          10 / (2 * std::sqrt(2 * std::log(4.0)))}},
        {"running_scale ",
         {[](const Tensor &x) { return l1_batch_norm(x, {.momentum = 0.25}); },
          3 * std::sqrt(std::acos(-1.0) / 2)}},
    };
    for (const auto &[key, norm] : norms) {
        const Graph network = build("net", [&, &layer = norm.first] {
            return layer(dense(input("image", {1}, Float(32)), {.units = 1, .name = "d"}));
        });
        Arrays parameters;
        std::string running;
        for (const Node &node : network.nodes) {
            if (node.op == "parameter") {
                parameters[node.name] = make_floats(node.extents("shape"), {1});
                const bool statistic =
                    node.name.find(".running_") != std::string::npos && !node.name.ends_with("mean");
                running = statistic ? node.name : running;
            }
        }
        EXPECT_TRUE(running.ends_with(key.substr(0, key.find(' ')))) << running;
        InterpretedTrainer trainer(network, squared_hinge(), sgd(), 4, parameters);
        trainer.step({{"image", make_floats({4, 1}, {0, 2, 4, 10})},
                      {"labels", make_array<uint8_t>(UInt(8), {4}, {0, 0, 0, 0})}},
                     0.01);
        EXPECT_NEAR(trainer.states().at(running).floats()[0], 0.75 + 0.25 * norm.second, 1e-6) << running;
    }
}

TEST(Training, LearnsAToyProblem) {
    for (const bool binary : {true, false}) {
        for (const Loss &loss : {squared_hinge(), softmax_cross_entropy()}) {
            SCOPED_TRACE(testing::Message() << loss.op << (binary ? " binary" : " float32"));
            Random random(11);
            const Graph network = build("net", [&] {
                const Precision precision = binary ? sign() : float32();
                Tensor x =
                    batch_norm(dense(input("image", {8}, Float(32)), {.units = 24, .weights = precision}));
                x = binary ? quantize(x, sign()) : hardtanh(x);
                return batch_norm(dense(x, {.units = 3, .weights = precision}));
            });
            InterpretedTrainer trainer(network, loss, adam(), 32, random_parameters(network, random));
            Array images = random.floats({32, 8}, -1, 1), labels(UInt(8), {32});
            for (size_t row = 0; row < 32; ++row) {
                const auto first = images.floats().begin() + static_cast<int64_t>(row) * 8;
                labels.as<uint8_t>()[row] = static_cast<uint8_t>(std::max_element(first, first + 3) - first);
            }
            const Arrays batch{{"image", images}, {"labels", labels}};
            const float before = trainer.step(batch, 0.01);
            float after = before;
            for (int step = 0; step < 60; ++step) {
                after = trainer.step(batch, 0.01);
            }
            EXPECT_LT(after, before / 3);
        }
    }
}

}  // namespace

}  // namespace quantide
