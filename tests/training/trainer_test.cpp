#include "training/trainer.h"

#include "compiler/ops/optimizer.h"
#include "compiler/ops/random.h"
#include "compiler/quantizers/gradient_format.h"
#include "tests/base/expect_error.h"
#include "tests/base/temporary_folder.h"
#include "tests/passes/interpreted_trainer.h"
#include "training/checkpoint.h"
#include "training/evaluator.h"

#include <set>

namespace quantide {

namespace {

struct Case {
    std::string name;
    std::function<Tensor()> network;
    Loss loss;
    Optimizer optimizer;
    int batch;
};

/** Adam with an eps so large that its quotient is smooth, as a comparison within tolerances needs. */
const Optimizer kAdam = adam({.eps = 1e-2});

std::vector<Case> cases() {
    return {
        {"bytes_to_signs",
         [] {
             Tensor x = input("image", {33}, UInt(8), {.scale = 0.125F, .offset = -1});
             x = quantize(batch_norm(dense(x, {.units = 65, .weights = sign()})), sign());
             x = quantize(batch_norm(dense(x, {.units = 3, .weights = sign()})), sign());
             return batch_norm(dense(x, {.units = 10, .weights = sign()}));
         },
         squared_hinge(), kAdam, 7},
        {"one_of_everything",
         [] {
             Tensor x = input("image", {1}, UInt(8));
             x = quantize(batch_norm(dense(x, {.units = 1, .weights = sign()})), sign());
             return batch_norm(dense(x, {.units = 2, .weights = sign()}));
         },
         softmax_cross_entropy(), sgd(), 2},
        {"batch_of_one",
         [] {
             Tensor x = input("image", {65}, UInt(8), {.scale = 0.1F, .offset = 0});
             x = quantize(batch_norm(dense(x, {.units = 33, .weights = sign()}), {.eps = 0.1}), sign());
             return dense(x, {.units = 3, .weights = sign()});
         },
         softmax_cross_entropy(), kAdam, 1},
        {"float32",
         [] {
             Tensor x = input("image", {5}, Float(32));
             // Of two rows: a small variance would magnify every rounding.
             x = hardtanh(batch_norm(dense(x, {.units = 65}), {.eps = 0.1}));
             return batch_norm(dense(x, {.units = 3}), {.eps = 0.1});
         },
         softmax_cross_entropy(), kAdam, 2},
        {"float32_alone", [] { return dense(input("image", {33}, Float(32)), {.units = 1}); },
         squared_hinge(), sgd(0.9), 7},
        {"float32_to_signs",
         [] {
             Tensor x = input("image", {3}, Float(32));
             x = quantize(batch_norm(dense(x, {.units = 33, .weights = sign()})), sign());
             return dense(x, {.units = 4});
         },
         squared_hinge(), sgd(0.9), 7},
        {"images",
         [] {
             Tensor x = input("image", {3, 6, 5}, UInt(8), {.scale = 0.125F, .offset = -1});
             x = conv2d(x, {.channels = 33, .padding = same(), .weights = sign()});
             x = quantize(batch_norm(x), sign());
             x = conv2d(x, {.channels = 5, .kernel = {3, 2}, .padding = pad(1), .weights = sign()});
             x = quantize(batch_norm(max_pool(x)), sign());
             return batch_norm(dense(flatten(x), {.units = 3, .weights = sign()}));
         },
         squared_hinge(), kAdam, 4},
        {"few_channels_flattened",
         [] {
             Tensor x = input("image", {3, 4, 4}, UInt(8), {.scale = 0.125F, .offset = -1});
             x = conv2d(x, {.channels = 3, .padding = same(), .weights = sign()});
             x = quantize(batch_norm(max_pool(x)), sign());
             return batch_norm(dense(flatten(x), {.units = 3, .weights = sign()}));
         },
         squared_hinge(), kAdam, 4},
        {"padded_signs",
         [] {
             Tensor x = input("image", {3, 4, 4}, UInt(8), {.scale = 0.125F, .offset = -1});
             for (const int64_t channels : {32, 33, 4}) {
                 x = conv2d(x, {.channels = channels, .padding = same(), .weights = sign()});
                 x = quantize(batch_norm(x), sign());
             }
             return batch_norm(dense(flatten(x), {.units = 3, .weights = sign()}));
         },
         squared_hinge(), kAdam, 4},
        {"signs_times_relu",
         [] {
             Tensor x = input("image", {3, 4, 4}, UInt(8), {.scale = 0.125F, .offset = -1});
             x = relu(batch_norm(conv2d(x, {.channels = 5, .padding = same(), .weights = sign()})));
             x = conv2d(x, {.channels = 6, .padding = same(), .weights = sign()});
             x = relu(batch_norm(max_pool(x)));
             x = relu(batch_norm(dense(flatten(x), {.units = 7, .weights = sign()})));
             return batch_norm(dense(x, {.units = 3, .weights = sign()}));
         },
         squared_hinge(), kAdam, 4},
        {"dropout",
         [] {
             Tensor x = dropout(input("image", {33}, Float(32)), {.rate = 0.25});
             x = dropout(relu(batch_norm(dense(x, {.units = 65}), {.eps = 0.1})));
             return dropout(batch_norm(dense(x, {.units = 3}), {.eps = 0.1}), {.rate = 0.1});
         },
         squared_hinge(), sgd(0.9), 7},
        {"stochastic_signs",
         [] {
             Tensor x = input("image", {33}, UInt(8), {.scale = 0.125F, .offset = -1});
             x = batch_norm(dense(x, {.units = 65, .weights = stochastic_sign()}));
             x = quantize(x, stochastic_sign());
             return batch_norm(dense(x, {.units = 3, .weights = stochastic_sign()}));
         },
         squared_hinge(), kAdam, 7},
        {"images_that_draw",
         [] {
             Tensor x = input("image", {3, 6, 5}, UInt(8), {.scale = 0.125F, .offset = -1});
             x = conv2d(x, {.channels = 33, .padding = same(), .weights = stochastic_sign()});
             x = quantize(dropout(batch_norm(x), {.rate = 0.25}), stochastic_sign());
             x = conv2d(x, {.channels = 5, .kernel = {3, 2}, .weights = stochastic_sign()});
             x = dropout(batch_norm(max_pool(x)));
             return batch_norm(dense(flatten(x), {.units = 3}));
         },
         squared_hinge(), kAdam, 4},
        {"values_that_part_and_meet_again",
         [] {
             const Tensor x = input("image", {3, 4, 4}, UInt(8), {.scale = 0.125F, .offset = -1});
             const Tensor y = hardtanh(batch_norm(conv2d(x, {.channels = 5, .weights = sign()})));
             const Tensor mean = avg_pool(bias(y), {.kernel = 3, .stride = 1, .padding = pad(1)});
             return batch_norm(dense(flatten(add(scale(y), mean)), {.units = 3}));
         },
         squared_hinge(), kAdam, 4},
        {"weights_drawn_in_training",
         [] {
             Tensor x = input("image", {3, 4, 4}, UInt(8), {.scale = 0.125F, .offset = -1});
             x = conv2d(x, {.channels = 5, .padding = same(), .weights = in_training(stochastic_sign())});
             x = relu(batch_norm(max_pool(x)));
             x = relu(batch_norm(dense(flatten(x), {.units = 33,
                                                    .weights = in_training(sign()),
                                                    .weight_gradient_inputs = stochastic_power_of_two()})));
             return batch_norm(dense(x, {.units = 3, .weights = in_training(stochastic_sign())}));
         },
         squared_hinge(), kAdam, 4},
        {"gradients_of_few_bits",
         [] {
             Tensor x = input("image", {3, 4, 4}, UInt(8), {.scale = 0.125F, .offset = -1});
             x = conv2d(x, {.channels = 5, .weights = sign(), .gradients = stochastic_uniform(6)});
             x = quantize(batch_norm(x), symmetric(2));
             x = conv2d(x, {.channels = 9,
                            .kernel = 2,
                            .padding = same(),
                            .weights = symmetric(3),
                            .gradients = stochastic_int8()});
             x = hardtanh(batch_norm(x));
             return batch_norm(
                 dense(flatten(x), {.units = 3, .weights = sign(), .gradients = bifurcated_int8()}));
         },
         squared_hinge(), kAdam, 4},
        {"gradients_beside_float32",
         [] {
             Tensor x = input("image", {3}, Float(32));
             x = hardtanh(batch_norm(dense(x, {.units = 9, .gradients = stochastic_int8()}), {.eps = 0.1}));
             x = dense(x, {.units = 5, .weights = sign(), .gradients = dynamic_fixed_point(16)});
             x = quantize(batch_norm(x, {.eps = 0.1}), sign());
             return dense(x, {.units = 3, .gradients = stochastic_log_quant(5)});
         },
         squared_hinge(), kAdam, 7},
        {"dorefa",
         [] {
             Tensor x = input("image", {3, 4, 4}, UInt(8), {.scale = 0.125F, .offset = -1});
             x = relu(batch_norm(conv2d(x, {.channels = 5, .padding = same(), .weights = dorefa(2)})));
             return batch_norm(dense(flatten(x), {.units = 3, .weights = dorefa(4)}));
         },
         squared_hinge(), kAdam, 4},
        {"other_norms",
         [] {
             Tensor x = input("image", {3, 6, 5}, UInt(8), {.scale = 0.02F, .offset = -2});
             x = conv2d(x, {.channels = 33, .padding = same(), .weights = sign()});
             x = quantize(range_batch_norm(x, {.eps = 0.1}), sign());
             x = dense(flatten(x), {.units = 33, .weights = sign()});
             x = hardtanh(l1_batch_norm(x, {.eps = 0.1}));
             return range_batch_norm(dense(x, {.units = 3}), {.eps = 0.1});
         },
         squared_hinge(), kAdam, 5},
        {"float32_images",
         [] {
             Tensor x = input("image", {2, 6, 5}, Float(32));
             const Precision drawn = stochastic_power_of_two();
             x = relu(batch_norm(conv2d(
                 x, {.channels = 4, .stride = {1, 2}, .padding = same(), .weight_gradient_inputs = drawn})));
             Tensor y = bias(scale(conv2d(x, {.channels = 4,
                                              .dilation = 2,
                                              .padding = same(),
                                              .groups = 2,
                                              .weight_gradient_inputs = drawn})));
             y = avg_pool(add(hardtanh(y), x), {.kernel = 2, .padding = pad(1)});
             return dense(global_avg_pool(concat({y, max_pool(x, {.padding = pad(1)})})), {.units = 3});
         },
         softmax_cross_entropy(), kAdam, 3},
    };
}

Case case_of(const std::string &name) {
    const std::vector<Case> all = cases();
    return *std::find_if(all.begin(), all.end(), [&](const Case &c) { return c.name == name; });
}

class TrainerOf : public testing::TestWithParam<Case> {};

Recipe recipe_of(const Case &c) {
    return {.summary = "",
            .data = "",
            .preprocessing = {},
            .loss = c.loss,
            .optimizer = c.optimizer,
            .learning_rate = constant(0.01),
            .epochs = 1,
            .batch = c.batch};
}

/** Whether rounding may flip a sign, or open or shut a straight-through window. */
bool near_an_edge(const Graph &graph, const std::map<ValueId, Array> &values) {
    for (const Node &node : graph.nodes) {
        if (node.op == "gradient_codes" && node.inputs.size() == 3) {
            const auto x = values.at(node.inputs[0]).floats(), range = values.at(node.inputs[1]).floats();
            const RandomStream random = random_stream(node, values.at(node.inputs[2]).as<uint32_t>());
            const GradientFormat format = find_gradient_format(node.text("format"));
            const float rounding = 1e-6F * std::max(-range[0], range[1]);
            for (size_t i = 0; i < x.size(); ++i) {
                const float u = uniform(random(gradient_word(values.at(node.inputs[0]).shape, i)));
                if (format.code(x[i] - rounding, u, format.grid(range)) !=
                    format.code(x[i] + rounding, u, format.grid(range))) {
                    return true;
                }
            }
        }
        if (node.op == "quantize_train" && node.integer("ahead") == 0) {
            const auto x = values.at(node.inputs[0]).floats();
            const RandomStream random = random_stream(node, values.at(node.inputs[1]).as<uint32_t>());
            const Quantizer quantizer = find_quantizer(node.text("quantizer"));
            for (size_t i = 0; i < x.size(); ++i) {
                const auto code = [&](float error) {
                    return quantizer.def->drawn_code(x[i] + error, uniform(random(i)), quantizer.bits);
                };
                // A relu's 0 is exact.
                if (x[i] != 0 && (code(-1e-5F) != code(1e-5F) || std::fabs(std::fabs(x[i]) - 1) < 1e-5F)) {
                    return true;
                }
            }
        }
        const bool activation =
            node.op == "hardtanh" || node.op == "relu" ||
            (node.op == "quantize" && find_optimizer(graph.producer(node.inputs[0]).op) == nullptr &&
             graph.producer(node.inputs[0]).op != "tanh_normalize");
        if (!activation) {
            continue;
        }
        for (float x : values.at(node.inputs[0]).floats()) {
            if (std::fabs(x) < 1e-4F || std::fabs(std::fabs(x) - 1) < 1e-4F) {
                return true;
            }
        }
    }
    return false;
}

/** A batch on which the two ways to compute a step must agree. */
Arrays draw_batch(const Graph &graph, const Arrays &states, Random &random, int64_t rows, int64_t classes,
                  int64_t step) {
    for (int attempt = 0; attempt < 200; ++attempt) {
        Arrays batch = random_batch(graph, random, rows, classes);
        Arrays bindings = join(batch, states);
        bindings["rate"] = make_floats({1}, {0.01F});
        bindings["random"] = random_key(1, step);
        if (!near_an_edge(graph, interpret(graph, bindings))) {
            return batch;
        }
    }
    ADD_FAILURE() << "no batch away from the edges";
    return random_batch(graph, random, rows, classes);
}

TEST_P(TrainerOf, StepsAsTheInterpreterDoes) {
    const Case &c = GetParam();
    constexpr uint32_t kSeed = 5;
    SCOPED_TRACE(testing::Message() << "seed " << kSeed);
    Random random(kSeed);
    const Graph network = build("net", c.network);
    const int64_t classes = network.value(network.outputs[0]).shape[1];
    Trainer trainer(network, recipe_of(c));
    trainer.restore(random_parameters(network, random), trainer.moments(), 0);
    const PassOptions options = training_options(c.loss, c.optimizer, c.batch);
    const Graph graph = fix_batch(quantize_gradients(differentiate(network, options), options), options);
    for (int step = 0; step < 4; ++step) {
        SCOPED_TRACE(testing::Message() << "step " << step);
        // From the same state each time, so that rounding does not add up over steps.
        const Arrays states = initial_states(graph, join(trainer.parameters(), trainer.moments()), step);
        const Arrays batch = draw_batch(graph, states, random, c.batch, classes, step);
        const double rate = find_optimizer(c.optimizer.op)->step_rate(c.optimizer.attributes, 0.01, step + 1);
        Arrays bindings = join(batch, states);
        bindings["rate"] = make_floats({1}, {static_cast<float>(rate)});
        bindings["random"] = random_key(1, step);
        const Arrays expected = step_results(graph, bindings);

        const float loss =
            trainer.step(batch.at("image").bytes.data(), batch.at("labels").as<uint8_t>().data(), 0.01);
        EXPECT_NEAR(loss, expected.at("output 0").floats()[0], 1e-4 * std::max(1.0F, std::fabs(loss)));
        expect_near(trainer.scores(), expected.at("output 1"), 1e-5, 1e-4);
        Arrays found = join(trainer.parameters(), trainer.moments());
        for (const auto &[name, array] : expected) {
            SCOPED_TRACE(name);
            if (found.count(name) != 0) {
                // A weight moves by at most rate times scale, of which the gradient's rounding is a small
                // share.
                expect_near(found.at(name), array, 2e-5, 2e-5);
            }
        }
    }
    EXPECT_EQ(trainer.steps(), 4);
}

TEST_P(TrainerOf, KeepsCodesThatAreThoseOfItsWeights) {
    const Case &c = GetParam();
    Random random(6);
    const Graph network = build("net", c.network);
    const int64_t classes = network.value(network.outputs[0]).shape[1];
    Trainer trainer(network, recipe_of(c));
    for (int step = 0; step < 3; ++step) {
        const Arrays batch = random_batch(trainer.program().graph, random, c.batch, classes);
        trainer.step(batch.at("image").bytes.data(),
                     random.codes(UInt(8), {c.batch}, classes).as<uint8_t>().data(), 0.05);
    }
    // A trainer that quantizes the same weights anew goes on with the same bits.
    Trainer other(network, recipe_of(c));
    other.restore(trainer.parameters(), trainer.moments(), trainer.steps());
    EXPECT_EQ(other.parameters(), trainer.parameters());
    EXPECT_EQ(other.moments(), trainer.moments());
    for (int step = 0; step < 2; ++step) {
        const Array labels = random.codes(UInt(8), {c.batch}, classes);
        const Arrays batch = random_batch(trainer.program().graph, random, c.batch, classes);
        const float loss = trainer.step(batch.at("image").bytes.data(), labels.as<uint8_t>().data(), 0.05);
        EXPECT_EQ(other.step(batch.at("image").bytes.data(), labels.as<uint8_t>().data(), 0.05), loss);
        EXPECT_EQ(other.scores(), trainer.scores());
    }
    EXPECT_EQ(other.parameters(), trainer.parameters());
    EXPECT_EQ(other.moments(), trainer.moments());
}

TEST_P(TrainerOf, GivesTheSameBitsForAnyNumberOfThreads) {
    const Case &c = GetParam();
    const Graph network = build("net", c.network);
    const int64_t classes = network.value(network.outputs[0]).shape[1];
    std::vector<Arrays> results;
    for (int threads : {1, 2}) {
        Random random(7);
        Trainer trainer(network, recipe_of(c), {.seed = 3, .threads = threads});
        for (int step = 0; step < 3; ++step) {
            const Arrays batch = random_batch(trainer.program().graph, random, c.batch, classes);
            trainer.step(batch.at("image").bytes.data(),
                         random.codes(UInt(8), {c.batch}, classes).as<uint8_t>().data(), 0.05);
        }
        results.push_back(join(trainer.parameters(), trainer.moments()));
    }
    EXPECT_EQ(results[0], results[1]);
}

// The weights that a step multiplies by are two numbers, those that are evaluated as many as were drawn at
// first.
TEST(Trainer, QuantizesInTrainingAlone) {
    const Case c = case_of("weights_drawn_in_training");
    const Graph network = build("net", c.network);
    const Trainer trainer(network, recipe_of(c), {.seed = 3});
    const Graph &step = trainer.program().graph;
    for (const char *layer : {"conv2d1", "dense1", "dense2"}) {
        const ValueId codes = step.find(
            fmt::format("{}.weight.{}", layer, layer == std::string("dense1") ? "sign" : "stochastic_sign"));
        ASSERT_GE(codes, 0);
        EXPECT_EQ(step.value(codes).type, UInt(1)) << layer;
    }
    const Arrays parameters = trainer.parameters();
    const Evaluator evaluator(network, parameters);
    const Graph &deployed = evaluator.program().graph;
    for (const char *weight : {"conv2d1.weight", "dense1.weight", "dense2.weight"}) {
        const ValueId id = deployed.find(weight);
        ASSERT_TRUE(deployed.constants.count(id) != 0) << weight;
        EXPECT_EQ(to_layout(*deployed.constants.at(id), Layout::Logical), parameters.at(weight)) << weight;
        const auto numbers = parameters.at(weight).floats();
        const std::set<float> distinct(numbers.begin(), numbers.end());
        EXPECT_GT(distinct.size(), numbers.size() * 99 / 100) << weight;
        EXPECT_LE(*distinct.rbegin(), 1) << weight;
        EXPECT_GE(*distinct.begin(), -1) << weight;
    }
}

INSTANTIATE_TEST_SUITE_P(Networks, TrainerOf, testing::ValuesIn(cases()),
                         [](const testing::TestParamInfo<Case> &each) { return each.param.name; });

TEST(Trainer, RestoresAllOrNothing) {
    const Case c = case_of("float32_alone");
    const Graph network = build("net", c.network);
    Trainer trainer(network, recipe_of(c));
    const Arrays parameters = trainer.parameters(), moments = trainer.moments();
    EXPECT_EQ(parameters.size(), 1U);
    EXPECT_EQ(moments.size(), 1U);
    const Arrays other{{"dense1.weight", Array(Float(32), {1, 33})}};
    expect_error([&] { trainer.restore(other, {}, 9); }, {"'dense1.weight.m'", "none"});
    expect_error([&] { trainer.restore({}, moments, 9); }, {"'dense1.weight'", "none"});
    expect_error(
        [&] {
            trainer.restore(other, {{"dense1.weight.m", Array(Float(32), {33})}}, 9);
        },
        {"'dense1.weight.m'", "f32[1, 33]", "f32[33]"});
    EXPECT_EQ(trainer.parameters(), parameters);
    EXPECT_EQ(trainer.moments(), moments);
    EXPECT_EQ(trainer.steps(), 0);
    Recipe bad = recipe_of(c);
    bad.batch = 0;
    expect_error([&] { Trainer(network, bad); }, {"recipe of 'net'", "batch"});
}

TEST(Trainer, SavesWhatTheDriverTakes) {
    const Case c = case_of("float32_alone");
    const Graph network = build("net", c.network);
    Trainer trainer(network, recipe_of(c), {.seed = 7});
    const Array inputs(Float(32), {c.batch, 33}), labels(UInt(8), {c.batch});
    trainer.step(inputs.bytes.data(), labels.as<uint8_t>().data(), 0.1);
    const TemporaryFolder folder;
    save_checkpoint(folder / "mine", trainer);
    EXPECT_EQ(load_parameters(folder / "mine", network), trainer.parameters());
    const Checkpoint found = load_checkpoint(folder / "mine", network);
    Trainer other(network, recipe_of(c), {.seed = 2});
    other.restore(found.parameters, found.moments, found.steps);
    EXPECT_EQ(other.parameters(), trainer.parameters());
    EXPECT_EQ(other.moments(), trainer.moments());
    EXPECT_EQ(other.steps(), 1);
    EXPECT_EQ(found.seed, 7U);
}

TEST(Trainer, RefusesStepsThatCannotBe) {
    const Case c = case_of("float32_to_signs");
    Trainer trainer(build("net", c.network), recipe_of(c));
    const AlignedBytes inputs(static_cast<size_t>(c.batch) * 3 * sizeof(float));
    std::vector<uint8_t> labels(static_cast<size_t>(c.batch));
    const Arrays before = trainer.parameters();
    const auto expect_refused = [&](const void *images, const uint8_t *classes, double rate,
                                    std::initializer_list<std::string> fragments) {
        expect_error([&] { trainer.step(images, classes, rate); }, fragments);
    };
    expect_refused(nullptr, labels.data(), 0.1, {"network 'net'", "null pointer"});
    expect_refused(inputs.data(), nullptr, 0.1, {"network 'net'", "null pointer"});
    for (double rate :
         {-1.0, std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()}) {
        expect_refused(inputs.data(), labels.data(), rate, {"network 'net'", "learning rate"});
    }
    for (uint8_t label : {uint8_t{4}, uint8_t{200}}) {
        labels.back() = label;
        expect_refused(inputs.data(), labels.data(), 0.1,
                       {"network 'net'", "labels below 4", std::to_string(label)});
    }
    EXPECT_EQ(trainer.steps(), 0);
    EXPECT_EQ(trainer.parameters(), before);
}

}  // namespace

}  // namespace quantide
