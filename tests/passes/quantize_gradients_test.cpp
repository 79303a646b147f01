#include "tests/passes/interpreted_trainer.h"

namespace quantide {

namespace {

Graph network_of(const Precision &gradients, const Precision &weights = sign()) {
    return build("net", [&] {
        Tensor x = input("image", {5}, UInt(8), {.scale = 0.125F, .offset = -1});
        x = dense(x, {.units = 4, .weights = sign(), .gradients = gradients});
        x = quantize(batch_norm(x), sign());
        return batch_norm(dense(x, {.units = 3, .weights = weights, .gradients = gradients}));
    });
}

Graph step_of(const Graph &network) {
    const PassOptions options = training_options(squared_hinge(), adam(), 4);
    return quantize_gradients(differentiate(network, options), options);
}

int64_t count(const Graph &graph, const std::string &op) {
    return std::count_if(graph.nodes.begin(), graph.nodes.end(),
                         [&](const Node &node) { return node.op == op; });
}

const Node &node_of(const Graph &graph, const std::string &name) {
    return *std::find_if(graph.nodes.begin(), graph.nodes.end(),
                         [&](const Node &node) { return node.name == name; });
}

TEST(QuantizeGradients, LeavesFloat32AsItIs) {
    const PassOptions options = training_options(squared_hinge(), adam(), 4);
    const Graph graph = differentiate(network_of(float32()), options);
    EXPECT_EQ(print(quantize_gradients(graph, options)), print(graph));
}

TEST(QuantizeGradients, GivesBothProductsOfALayerTheSameCodes) {
    const Graph graph = step_of(network_of(stochastic_uniform(6)));
    verify(graph, "quantize_gradients");
    EXPECT_EQ(count(graph, "range"), 2);
    EXPECT_EQ(count(graph, "gradient_codes"), 2);
    EXPECT_EQ(count(graph, "random_key"), 1);
    const Node &dx = node_of(graph, "dense2.input_gradient"), &dw = node_of(graph, "dense2.weight_gradient");
    EXPECT_EQ(dx.inputs[0], dw.inputs[0]);
    EXPECT_EQ(dx.inputs[2], dw.inputs[2]);
    EXPECT_EQ(graph.value(dx.inputs[0]).type, Int(8));
    const Node &first = graph.producer(node_of(graph, "dense1.weight_gradient").inputs[0]),
               &second = graph.producer(dx.inputs[0]);
    EXPECT_NE(first.integer("stream"), second.integer("stream"));
}

TEST(QuantizeGradients, BifurcatesAndRounds) {
    const Graph bifurcated = step_of(network_of(bifurcated_int8()));
    const Node &dx = node_of(bifurcated, "dense2.input_gradient"),
               &dw = node_of(bifurcated, "dense2.weight_gradient");
    EXPECT_EQ(bifurcated.value(dx.inputs[0]).type, UInt(8));
    EXPECT_EQ(bifurcated.value(dw.inputs[0]).type, Int(16));
    EXPECT_EQ(dx.inputs[2], dw.inputs[2]);
    EXPECT_EQ(count(step_of(network_of(bfloat16())), "round_to_bfloat16"), 2);
    EXPECT_EQ(count(step_of(network_of(bfloat16())), "range"), 0);
    EXPECT_EQ(count(step_of(network_of(dynamic_fixed_point(16))), "random_key"), 0);
}

TEST(QuantizeGradients, GivesNumbersToProductsWithFloat32) {
    const Graph graph = step_of(network_of(stochastic_int8(), float32()));
    const Node &dx = node_of(graph, "dense2.input_gradient");
    EXPECT_EQ(graph.producer(dx.inputs[0]).op, "gradient_numbers");
    EXPECT_EQ(node_of(graph, "dense2.weight_gradient").text("format"), "stochastic_int8");
}

TEST(QuantizeGradients, AreUnknownToWhatIsDeployed) {
    Random random(1);
    const Graph network = network_of(stochastic_int8()), plain = network_of(float32());
    const Arrays parameters = random_parameters(network, random);
    PassOptions options;
    options.parameters = &parameters;
    EXPECT_EQ(print(run_passes(network, deployment_passes(), options)),
              print(run_passes(plain, deployment_passes(), options)));
    EXPECT_EQ(print(as_float32(network)), print(as_float32(plain)));
}

}  // namespace

}  // namespace quantide
