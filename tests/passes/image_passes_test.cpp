#include "compiler/passes/pass.h"
#include "tests/dsl/random_images.h"

#include <gtest/gtest.h>

namespace quantide {

namespace {

TEST(ImagePasses, KeepWhatADrawnNetworkMeans) {
    for (uint32_t seed = 0; seed < 200; ++seed) {
        SCOPED_TRACE(seed);
        RandomImages drawn(seed);
        const Graph network = drawn.network();
        const Arrays parameters = drawn.parameters(network);
        Random random(seed + 1000);
        Shape shape = network.value(network.find("image")).shape;
        shape[0] = 2;
        Arrays bindings = parameters;
        bindings["image"] = random.codes(UInt(8), shape);
        const Array expected = interpret_outputs(network, bindings)[0];
        PassOptions options;
        options.parameters = &parameters;
        run_passes(network, deployment_passes(), options, [&](const Pass &pass, const Graph &graph) {
            EXPECT_EQ(interpret_outputs(graph, {{"image", bindings["image"]}})[0], expected) << pass.name;
            EXPECT_EQ(print(parse(print(graph))), print(graph)) << pass.name;
            return !testing::Test::HasFailure();
        });
        ASSERT_FALSE(HasFailure()) << print(network);
    }
}

TEST(ImagePasses, LeaveNoFloatBetweenConvolutions) {
    const Graph network = build("net", [] {
        Tensor x = input("image", {3, 8, 8}, UInt(8), {.scale = 2 / 255.0F, .offset = -1});
        for (int layer = 0; layer < 3; ++layer) {
            x = conv2d(x, {.channels = 32, .padding = same(), .weights = sign()});
            x = quantize(batch_norm(max_pool(x)), sign());
        }
        return batch_norm(dense(flatten(x), {.units = 10, .weights = sign()}));
    });
    Arrays parameters;
    Random random(1);
    for (const Node &node : network.nodes) {
        if (node.op == "parameter") {
            parameters[network.value(node.outputs[0]).name] =
                random.floats(network.value(node.outputs[0]).shape, 0.5F, 1);
        }
    }
    PassOptions options;
    options.parameters = &parameters;
    const Graph deployed = run_passes(network, deployment_passes(), options);
    for (const Node &node : deployed.nodes) {
        EXPECT_TRUE(deployed.value(node.outputs[0]).type != Float(32) || node.op == "constant" ||
                    deployed.value(node.outputs[0]).shape.size() == 2)
            << node.op << " " << node.name;
    }
}

}  // namespace

}  // namespace quantide
