#include "compiler/ops/affine.h"

#include "tests/dsl/affine_network.h"
#include "tests/passes/interpreted_trainer.h"
#include "training/evaluator.h"
#include "training/trainer.h"

#include <algorithm>

namespace quantide {

namespace {

TEST(AffineKernels, GiveTheInterpretersBits) {
    for (uint32_t seed = 0; seed < 4; ++seed) {
        Random random(seed);
        const Graph network = random_affine_network(random);
        SCOPED_TRACE(testing::Message() << "seed " << seed << "\n" << print(network));
        const Arrays parameters = random_affine_parameters(network, random);
        Evaluator evaluator(network, parameters);
        for (const int64_t rows : {1, 9}) {
            const Arrays batch = random_batch(network, random, rows, 2);
            EXPECT_EQ(evaluator.run(batch.at("image")),
                      interpret_outputs(network, join(parameters, batch))[0]);
        }
    }
}

Recipe recipe(int batch) {
    return {.summary = "",
            .data = "",
            .preprocessing = {},
            .loss = squared_hinge(),
            .optimizer = sgd(),
            .learning_rate = constant(0.01),
            .epochs = 1,
            .batch = batch};
}

// Nothing is rounded before the first quantizer and the ranges are strict, so the codes are the
// interpreter's.
TEST(AffineKernels, StepAsTheInterpreterDoes) {
    const auto vectors = [] {
        Tensor x = quantize(input("image", {33}, Float(32)), affine(8));
        x = quantize(dense(x, {.units = 34, .weights = affine_per_channel(8)}), affine(8));
        return dense(x, {.units = 3, .weights = affine(8)});
    };
    const auto images = [] {
        Tensor x = quantize(input("image", {4, 5, 4}, Float(32)), affine(8));
        x = conv2d(x, {.channels = 6, .padding = pad(1), .groups = 2, .weights = affine(4)});
        return dense(flatten(quantize(x, affine(3))), {.units = 3, .weights = affine_per_channel(5)});
    };
    for (const auto &layers : {std::function<Tensor()>(vectors), std::function<Tensor()>(images)}) {
        constexpr int kBatch = 70;  // more rows than a kernel takes at once
        const Graph network = build("net", layers);
        Random random(3);
        Trainer trainer(network, recipe(kBatch));
        trainer.restore(random_affine_parameters(network, random), trainer.moments(), 0);
        const PassOptions options = training_options(squared_hinge(), sgd(), kBatch);
        const Graph graph = fix_batch(differentiate(network, options), options);
        for (int step = 0; step < 2; ++step) {
            const Arrays states = initial_states(graph, join(trainer.parameters(), trainer.moments()), step);
            const Arrays batch = random_batch(graph, random, kBatch, 3);
            Arrays bindings = join(batch, states);
            bindings["rate"] = make_floats({1}, {0.01F});
            bindings["random"] = random_key(1, step);
            const Arrays expected = step_results(graph, bindings);
            const float loss =
                trainer.step(batch.at("image").bytes.data(), batch.at("labels").as<uint8_t>().data(), 0.01);
            EXPECT_NEAR(loss, expected.at("output 0").floats()[0], 1e-5 * std::max(1.0F, loss));
            EXPECT_EQ(trainer.scores(), expected.at("output 1"));
            for (const auto &[name, array] : trainer.parameters()) {
                SCOPED_TRACE(name);
                if (name.ends_with(".range")) {
                    EXPECT_EQ(array, expected.at(name));
                } else {
                    expect_near(array, expected.at(name), 2e-5, 2e-5);
                }
            }
        }
    }
}

}  // namespace

}  // namespace quantide
