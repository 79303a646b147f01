#include "compiler/passes/pass.h"
#include "compiler/passes/rewriter.h"
#include "tests/base/expect_error.h"
#include "tests/dsl/random_network.h"

namespace quantide {

namespace {

/** Expects that every pass leaves the outputs of `network` as they are, bit for bit; gives the last graph. */
Graph expect_meaning_kept(const Graph &network, const Arrays &parameters, const Arrays &batch) {
    const std::vector<Array> expected = interpret_outputs(network, join(parameters, batch));
    PassOptions options;
    options.parameters = &parameters;
    return run_passes(network, deployment_passes(), options, [&](const Pass &pass, const Graph &graph) {
        SCOPED_TRACE(testing::Message() << pass.name << "\n" << print(graph));
        EXPECT_EQ(interpret_outputs(graph, batch), expected);
        return true;
    });
}

bool has_op(const Graph &graph, const std::string &op) {
    return std::any_of(graph.nodes.begin(), graph.nodes.end(),
                       [&](const Node &node) { return node.op == op; });
}

TEST(Deployment, KeepsTheMeaningOfRandomNetworks) {
    for (uint32_t seed = 0; seed < 60; ++seed) {
        SCOPED_TRACE(testing::Message() << "seed " << seed);
        Random random(seed);
        const Graph network = random_network(random, {.draws = seed % 2 == 1});
        const Arrays parameters = random_parameters(network, random);
        expect_meaning_kept(network, parameters, random_batch(network, random, random.integer(1, 5), 2));
    }
}

TEST(Deployment, KeepsTheMeaningOfAdversarialBatchNorms) {
    for (uint32_t seed = 0; seed < 150; ++seed) {
        SCOPED_TRACE(testing::Message() << "seed " << seed);
        Random random(seed);
        const Graph network =
            random_network(random, {.sizes = {1, 2, 3, 5, 33}, .float_input = false, .float_layers = false});
        const Arrays parameters = random_parameters(network, random, true);
        expect_meaning_kept(network, parameters, random_batch(network, random, 32, 2));
    }
}

TEST(Deployment, DrawsNothing) {
    const auto deployed = [](const Precision &precision, bool drops) {
        const Graph network = build("net", [&] {
            Tensor x = input("image", {33}, UInt(8), {.scale = 0.1F, .offset = -3});
            x = batch_norm(dense(x, {.units = 65, .weights = precision}));
            x = quantize(drops ? dropout(x) : x, precision);
            x = dense(x, {.units = 3, .weights = precision});
            return drops ? dropout(x) : x;
        });
        Random random(1);
        const Arrays parameters = random_parameters(network, random);
        const Graph graph = expect_meaning_kept(network, parameters, random_batch(network, random, 9, 3));
        std::vector<std::pair<std::string, Attributes>> nodes;
        for (const Node &node : graph.nodes) {
            nodes.emplace_back(node.op, node.attributes);
        }
        return nodes;
    };
    EXPECT_EQ(deployed(stochastic_sign(), true), deployed(sign(), false));
}

TEST(Deployment, KeepsWeightsThatAreQuantizedInTrainingAlone) {
    const auto deployed = [](const Precision &weights) {
        const Graph network = build("net", [&] {
            Tensor x = input("image", {33}, UInt(8), {.scale = 0.1F, .offset = -3});
            x = relu(batch_norm(dense(x, {.units = 65, .weights = weights})));
            return dense(x, {.units = 3, .weights = weights});
        });
        Random random(1);
        const Arrays parameters = random_parameters(network, random);
        return print(expect_meaning_kept(network, parameters, random_batch(network, random, 9, 3)));
    };
    EXPECT_EQ(deployed(in_training(stochastic_sign())), deployed(float32()));
    EXPECT_EQ(deployed(in_training(sign())), deployed(float32()));
    EXPECT_NE(deployed(sign()), deployed(float32()));
    EXPECT_EQ(in_training(float32()), float32());
}

TEST(Deployment, LeavesNoFloatBetweenBinaryLayers) {
    const Graph network = build("net", [] {
        Tensor x = input("image", {33}, UInt(8), {.scale = 0.1F, .offset = -3});
        x = quantize(batch_norm(dense(x, {.units = 65, .weights = sign()})), sign());
        x = quantize(dense(x, {.units = 31, .weights = sign()}), sign());
        return batch_norm(dense(x, {.units = 3, .weights = sign()}));
    });
    Random random(1);
    const Graph graph =
        expect_meaning_kept(network, random_parameters(network, random), random_batch(network, random, 9, 3));
    std::vector<std::string> ops;
    for (const Node &node : graph.nodes) {
        if (node.op != "constant") {
            ops.push_back(node.op);
        }
    }
    EXPECT_THAT(ops, testing::ElementsAre("input", "integer_dense", "threshold", "flip", "integer_dense",
                                          "threshold", "integer_dense", "dequantize", "batch_norm"));
}

TEST(Deployment, KeepsFloatLayersAsTheyAre) {
    const Graph network = build("net", [] {
        Tensor x = quantize(
            batch_norm(dense(input("image", {5}, Float(32)), {.units = 4, .weights = sign()})), sign());
        return dense(x, {.units = 3});
    });
    Random random(1);
    const Graph graph =
        expect_meaning_kept(network, random_parameters(network, random), random_batch(network, random, 9, 3));
    EXPECT_FALSE(has_op(graph, "threshold"));
    EXPECT_FALSE(has_op(graph, "integer_dense"));
}

TEST(Deployment, ComputesSumsOfCodesOnce) {
    const Graph network = build("net", [] {
        return batch_norm(
            dense(input("image", {5}, UInt(8), {.scale = 1, .offset = 7}), {.units = 4, .weights = sign()}));
    });
    Random random(1);
    const Graph graph =
        expect_meaning_kept(network, random_parameters(network, random), random_batch(network, random, 9, 3));
    EXPECT_FALSE(has_op(graph, "code_sum"));
    EXPECT_FALSE(has_op(graph, "quantize"));
    EXPECT_FALSE(has_op(graph, "parameter"));
}

TEST(Freeze, RefusesParametersThatDoNotFit) {
    const Graph network = build("net", [] { return dense(input("image", {5}, Float(32)), {.units = 4}); });
    const auto expect_refused = [&](const Arrays &parameters, std::initializer_list<std::string> fragments) {
        PassOptions options;
        options.parameters = &parameters;
        expect_error([&] { freeze(network, options); }, fragments);
    };
    expect_refused({}, {"network 'net'", "'dense1.weight'", "none"});
    expect_refused({{"dense1.weight", Array(Float(32), {5, 4})}},
                   {"network 'net'", "'dense1.weight'", "f32[4, 5]", "f32[5, 4]"});
    expect_refused({{"dense1.weight", Array(UInt(8), {4, 5})}}, {"'dense1.weight'", "f32[4, 5]", "u8[4, 5]"});
    EXPECT_THROW(freeze(network, {}), InternalError);
}

TEST(FixBatch, RefusesAnEmptyBatch) {
    const Graph network = build("net", [] { return dense(input("image", {5}, Float(32)), {.units = 4}); });
    for (int64_t batch : {0, -1}) {
        PassOptions options;
        options.batch = batch;
        expect_error([&] { fix_batch(network, options); },
                     {"network 'net'", "at least 1", std::to_string(batch)});
    }
}

TEST(AsFloat32, KeepsTheParametersAndNoCodes) {
    for (uint32_t seed = 0; seed < 20; ++seed) {
        SCOPED_TRACE(testing::Message() << "seed " << seed);
        Random random(seed);
        const Graph network = random_network(random);
        const Graph rival = as_float32(network);
        verify(rival, "as_float32");
        Arrays shapes = random_parameters(network, random), found = random_parameters(rival, random);
        ASSERT_EQ(shapes.size(), found.size());
        for (const auto &[name, array] : shapes) {
            EXPECT_EQ(found.at(name).shape, array.shape);
        }
        for (const Value &value : rival.values) {
            EXPECT_EQ(value.type, Float(32)) << value.name;
        }
        EXPECT_EQ(rival.value(rival.outputs.at(0)).shape, network.value(network.outputs.at(0)).shape);
        interpret(rival, join(found, random_batch(rival, random, 3, 2)));
    }
}

TEST(Rewriter, DropsWhatNothingUses) {
    Random random(1);
    Graph graph = random_network(random);
    const std::string before = print(graph);
    EXPECT_EQ(print(remove_dead(graph)), before);
    const ValueId unused = graph.add_one("scalar", "unused", {});
    EXPECT_NE(graph.find("unused"), -1);
    EXPECT_EQ(print(remove_dead(graph)), before);
    graph.outputs.push_back(unused);
    EXPECT_EQ(print(remove_dead(graph)), print(graph));
}

}  // namespace

}  // namespace quantide
