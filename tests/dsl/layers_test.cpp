#include "dsl/layers.h"
#include "dsl/image_layers.h"

#include "tests/base/expect_error.h"
#include "tests/ir/numbers.h"

namespace quantide {

namespace {

/** The network `body` of a float32 input "image" of 4 features. */
Graph net(const std::function<Tensor(const Tensor &)> &body) {
    return build("net", [&] { return body(input("image", {4}, Float(32))); });
}

void expect_net_error(const std::function<Tensor(const Tensor &)> &body,
                      std::initializer_list<std::string> fragments) {
    expect_error([&] { net(body); }, fragments);
}

std::vector<std::string> names(const Graph &graph, const std::string &op) {
    std::vector<std::string> result;
    for (const Node &node : graph.nodes) {
        if (node.op == op) {
            result.push_back(node.name);
        }
    }
    return result;
}

TEST(Layers, AreNamedByKindAndOrder) {
    const Graph graph = net([](Tensor x) {
        x = dense(x, {.units = 3, .weights = sign()});
        x = quantize(batch_norm(x), sign());
        x = dense(x, {.units = 2, .weights = float32(), .name = "dense2"});
        x = dense(hardtanh(x), {.units = 2});
        return dense(batch_norm(x), {.units = 1, .name = "last"});
    });
    EXPECT_THAT(names(graph, "dense"), testing::ElementsAre("dense1", "dense2", "dense3", "last"));
    EXPECT_THAT(names(graph, "batch_norm"), testing::ElementsAre("batch_norm1", "batch_norm2"));
    EXPECT_THAT(names(graph, "quantize"), testing::ElementsAre("dense1.weight.sign", "quantize1"));
    EXPECT_THAT(names(graph, "hardtanh"), testing::ElementsAre("hardtanh1"));
    EXPECT_THAT(names(graph, "parameter"),
                testing::ElementsAre("dense1.weight", "batch_norm1.weight", "batch_norm1.bias",
                                     "batch_norm1.running_mean", "batch_norm1.running_var", "dense2.weight",
                                     "dense3.weight", "batch_norm2.weight", "batch_norm2.bias",
                                     "batch_norm2.running_mean", "batch_norm2.running_var", "last.weight"));
    const Value &weight = graph.value(graph.find("dense1.weight"));
    EXPECT_EQ(weight.shape, (Shape{3, 4}));
    EXPECT_EQ(weight.type, Float(32));
    EXPECT_EQ(graph.value(graph.find("quantize1")).type, UInt(1));
    EXPECT_EQ(graph.value(graph.outputs.at(0)).shape, (Shape{kBatch, 1}));
}

TEST(Layers, KeepTheInputsScaleAndOffset) {
    const Graph graph = build("net", [] {
        return dense(input("image", {4}, UInt(8), {.scale = 0.5F, .offset = -3}), {.units = 2});
    });
    const IntegerView view = integer_view(graph.value(graph.find("image")).encoding);
    EXPECT_EQ(view.scale, 0.5F);
    EXPECT_EQ(view.offset, -3);
}

TEST(Dense, RefusesBadUnits) {
    for (int64_t units : {int64_t{0}, int64_t{-1}, INT64_MIN}) {
        expect_net_error([&](const Tensor &x) { return dense(x, {.units = units}); },
                         {"dense 'dense1'", "at least 1 unit", std::to_string(units)});
    }
    expect_net_error([](const Tensor &x) { return dense(x, {.units = int64_t{1} << 60, .name = "wide"}); },
                     {"wide.weight", "overflows"});
    expect_net_error([](const Tensor &x) { return dense(x, {.units = INT64_MAX}); },
                     {"dense1.weight", "overflows"});
    for (int64_t units : {int64_t{INT32_MAX}, int64_t{1} << 28}) {
        expect_net_error([&](const Tensor &x) { return dense(x, {.units = units, .name = "wide"}); },
                         {"'wide.weight'", "at most 536870912 elements", std::to_string(units)});
    }
    expect_error(
        [] { build("net", [] { return dense(input("image", {INT32_MAX}, UInt(8)), {.units = 1}); }); },
        {"'dense1.weight'", "at most 536870912 elements", "[1, 2147483647]"});
    // 2^62 x 4 is 0 in 64 bits.
    expect_net_error([](const Tensor &x) { return dense(x, {.units = int64_t{1} << 62}); },
                     {"dense1.weight", "overflows"});
}

TEST(Dense, RefusesPrecisionsThatItCannotHave) {
    expect_net_error([](const Tensor &x) { return dense(x, {.units = 2, .gradients = sign(), .name = "d"}); },
                     {"dense 'd'", "float32", "stochastic_uniform(2..8)", "sign"});
    for (const Precision &gradients :
         {stochastic_uniform(1), stochastic_uniform(9), dynamic_fixed_point(17), stochastic_log_quant(7)}) {
        expect_net_error(
            [&](const Tensor &x) { return dense(x, {.units = 2, .gradients = gradients, .name = "d"}); },
            {"dense 'd'", gradients.quantizer, "bits, as in"});
    }
    expect_net_error(
        [](const Tensor &x) { return dense(x, {.units = 2, .weights = stochastic_int8(), .name = "d"}); },
        {"'d'", "sign()", "stochastic_int8", "for gradients"});
    expect_net_error([](const Tensor &x) { return quantize(x, stochastic_uniform(6), "q"); },
                     {"quantize 'q'", "sign()", "stochastic_uniform(6)", "for gradients"});
    expect_net_error([](const Tensor &x) { return dense(x, {.units = 2, .weights = {"quinary"}}); },
                     {"quinary", "sign", "ternary", "symmetric(2..8)"});
    for (const int bits : {0, 9, -1}) {
        expect_net_error([&](const Tensor &x) { return dense(x, {.units = 2, .weights = symmetric(bits)}); },
                         {fmt::format("symmetric({})", bits), "2 to 8 bits"});
    }
}

TEST(Dense, RefusesInputsOfWeightGradientsThatAreNotDrawn) {
    for (const Precision &inputs : {sign(), power_of_two(4), in_training(stochastic_sign())}) {
        expect_net_error(
            [&](const Tensor &x) {
                return dense(x, {.units = 2, .weight_gradient_inputs = inputs, .name = "d"});
            },
            {"dense 'd'", "stochastic_power_of_two()", inputs.quantizer});
    }
    expect_net_error(
        [&](const Tensor &x) {
            return dense(quantize(x, ternary()), {.units = 2, .weight_gradient_inputs = stochastic_sign()});
        },
        {"dense 'dense1'", "float32 input", "stochastic_sign", "u2"});
    expect_error(
        [] {
            build("net", [] {
                const Tensor x = conv2d(input("image", {1, 4, 4}, UInt(8)),
                                        {.channels = 2, .weight_gradient_inputs = stochastic_power_of_two()});
                return dense(flatten(x), {.units = 2});
            });
        },
        {"conv2d 'conv2d1'", "float32 input", "u8"});
}

TEST(Dense, TakesDoReFaWeightsAlone) {
    for (int bits = 1; bits <= 8; ++bits) {
        EXPECT_NO_THROW(
            net([&](const Tensor &x) { return dense(x, {.units = 2, .weights = dorefa(bits)}); }));
    }
    for (int bits : {0, 9}) {
        expect_net_error([&](const Tensor &x) { return dense(x, {.units = 2, .weights = dorefa(bits)}); },
                         {fmt::format("symmetric({})", bits), "2 to 8 bits"});
    }
    expect_net_error([](const Tensor &x) { return quantize(x, dorefa(2)); },
                     {"quantize 'quantize1'", "dorefa()", "weights alone"});
    expect_net_error(
        [](const Tensor &x) { return dense(x, {.units = 2, .weights = in_training(dorefa(2))}); },
        {"dense1", "dorefa()", "without in_training()"});
}

TEST(Dense, TakesWeightsOfAnyRowByItsText) {
    for (const char *text : {"thermometer(3)", "thermometer(8)", "power_of_two(2)", "power_of_two(8)",
                             "symmetric(7)", "twos_complement(8)"}) {
        EXPECT_NO_THROW(net([&](const Tensor &x) { return dense(x, {.units = 2, .weights = {text}}); }))
            << text;
    }
}

TEST(BatchNorm, RefusesBadSettings) {
    for (double eps :
         {0.0, -1e-5, std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()}) {
        expect_net_error([&](const Tensor &x) { return batch_norm(x, {.eps = eps}); },
                         {"batch_norm 'batch_norm1'", "eps > 0"});
    }
    for (double momentum : {0.0, -0.1, 1.1, std::numeric_limits<double>::quiet_NaN()}) {
        expect_net_error([&](const Tensor &x) { return batch_norm(x, {.momentum = momentum, .name = "bn"}); },
                         {"batch_norm 'bn'", "momentum in (0, 1]"});
    }
    EXPECT_NO_THROW(net([](const Tensor &x) { return batch_norm(x, {.momentum = 1}); }));
}

/** Expects that a normalization has these parameters and refuses bad settings under its own name. */
template<typename Options>
void expect_norm(Tensor (*layer)(const Tensor &, const Options &), const std::string &kind,
                 const std::string &running) {
    SCOPED_TRACE(kind);
    const Graph graph = net([&](const Tensor &x) { return layer(x, {}); });
    const std::string name = kind + "1.";
    EXPECT_THAT(names(graph, "parameter"),
                testing::ElementsAre(name + "weight", name + "bias", name + "running_mean", name + running));
    EXPECT_THAT(names(graph, "batch_norm"), testing::ElementsAre(kind + "1"));
    const double nan = std::numeric_limits<double>::quiet_NaN();
    for (const double bad : {0.0, -1e-5, nan, std::numeric_limits<double>::infinity()}) {
        expect_net_error([&](const Tensor &x) { return layer(x, {.eps = bad}); },
                         {kind + " '" + kind + "1'", "eps > 0"});
    }
    for (const double bad : {0.0, -0.1, 1.1, nan}) {
        expect_net_error([&](const Tensor &x) { return layer(x, {.momentum = bad, .name = "bn"}); },
                         {kind + " 'bn'", "momentum in (0, 1]"});
    }
}

TEST(BatchNorm, HasItsKinsRules) {
    expect_norm(shift_batch_norm, "shift_batch_norm", "running_invstd");
    expect_norm(range_batch_norm, "range_batch_norm", "running_scale");
    expect_norm(l1_batch_norm, "l1_batch_norm", "running_scale");
}

TEST(Dropout, RefusesBadRates) {
    for (double rate : {1.0, -0.1, 1.5, std::numeric_limits<double>::quiet_NaN()}) {
        expect_net_error([&](const Tensor &x) { return dropout(x, {.rate = rate}); },
                         {"dropout 'dropout1'", "a rate in [0, 1)", fmt::format("found {}", rate)});
    }
    EXPECT_NO_THROW(net([](const Tensor &x) { return dropout(x, {.rate = 0}); }));
}

TEST(Layers, RefuseCodesWhereTheyNeedNumbers) {
    expect_net_error([](const Tensor &x) { return dropout(quantize(x, sign()), {.name = "d"}); },
                     {"dropout 'd'", "f32", "u1"});
    expect_net_error([](const Tensor &x) { return quantize(quantize(x, sign()), sign(), "twice"); },
                     {"quantize 'twice'", "float32", "quantize1", "u1"});
    expect_net_error([](const Tensor &x) { return batch_norm(quantize(x, sign())); },
                     {"batch_norm 'batch_norm1'", "f32[N, 4]", "u1[N, 4]"});
    expect_net_error([](const Tensor &x) { return hardtanh(quantize(x, sign())); },
                     {"hardtanh 'hardtanh1'", "f32", "u1"});
    expect_error([] { build("net", [] { return quantize(input("image", {4}, UInt(8)), sign()); }); },
                 {"quantize 'quantize1'", "float32", "image", "u8"});
    expect_error([] { build("net", [] { return batch_norm(input("image", {4}, UInt(8))); }); },
                 {"batch_norm1", "u8[N, 4]"});
}

TEST(Quantize, RefusesFloat32) {
    expect_net_error([](const Tensor &x) { return quantize(x, float32()); },
                     {"quantize 'quantize1'", "sign()", "float32()"});
    expect_net_error([](const Tensor &x) { return quantize(x, in_training(stochastic_sign())); },
                     {"quantize 'quantize1'", "in_training()", "weights alone", "stochastic_sign"});
}

TEST(Input, RefusesWhatIsNoInput) {
    const auto expect_input_error = [](const std::string &name, const Shape &features, ElementType type,
                                       const InputOptions &options,
                                       std::initializer_list<std::string> fragments) {
        expect_error(
            [&] { build("net", [&] { return dense(input(name, features, type, options), {.units = 1}); }); },
            fragments);
    };
    for (ElementType type : {UInt(1), UInt(16), Int(8), Float(16), Float(64)}) {
        expect_input_error("image", {4}, type, {},
                           {"input 'image'", "UInt(8) or Float(32)", to_string(type)});
    }
    expect_input_error("image", {}, UInt(8), {}, {"input 'image'", "[channels, height, width]", "found 0"});
    expect_input_error("image", {3, 4}, UInt(8), {},
                       {"input 'image'", "[channels, height, width]", "found 2"});
    for (int64_t features : {int64_t{0}, int64_t{-1}, int64_t{-7}}) {
        expect_input_error("image", {features}, UInt(8), {},
                           {"input 'image'", "positive dimensions", std::to_string(features)});
        expect_input_error("image", {features}, Float(32), {}, {"input 'image'", "positive dimensions"});
    }
    expect_input_error("image", {INT64_MAX}, UInt(8), {}, {"input 'image'", "overflows"});
    const float nan = std::numeric_limits<float>::quiet_NaN(),
                infinity = std::numeric_limits<float>::infinity();
    for (float scale : {0.0F, -1.0F, nan, infinity, 1e11F, 1e-45F}) {
        expect_input_error("image", {4}, UInt(8), {.scale = scale}, {"input 'image'", "scale"});
    }
    for (float offset : {nan, infinity, -infinity, 1e11F}) {
        expect_input_error("image", {4}, UInt(8), {.offset = offset}, {"input 'image'", "offset"});
    }
    expect_input_error("image", {4}, Float(32), {.scale = 2}, {"input 'image'", "only for UInt(8)"});
    expect_error([] { input("image", {4}, UInt(8)); }, {"input 'image'", "inside a network"});
}

TEST(Names, MustBeTheirOwn) {
    expect_net_error([](const Tensor &x) { return hardtanh(dense(x, {.units = 2, .name = "a"}), "a"); },
                     {"hardtanh 'a'", "no other layer", "found dense 'a'"});
    expect_net_error([](const Tensor &x) { return dense(x, {.units = 2, .name = "image"}); },
                     {"dense 'image'", "no other layer"});
    expect_error(
        [] {
            build("net", [] {
                const Tensor x = input("image", {4}, Float(32));
                input("image", {4}, Float(32));
                return hardtanh(x);
            });
        },
        {"input 'image'", "no other layer"});
    const Graph skipped =
        net([](const Tensor &x) { return dense(dense(x, {.units = 2, .name = "dense1"}), {.units = 2}); });
    EXPECT_THAT(names(skipped, "dense"), testing::ElementsAre("dense1", "dense2"));
}

TEST(Names, MustBeIdentifiers) {
    for (const char *name :
         {"1st", "a b", "a.weight", "dense1.weight", "a-b", "\xc3\xa9", "new\nline", "a/b", "'"}) {
        expect_net_error([&](const Tensor &x) { return dense(x, {.units = 2, .name = name}); },
                         {"dense", "letters, digits and '_'"});
        expect_error([&] { build("net", [&] { return hardtanh(input(name, {4}, Float(32))); }); },
                     {"input", "letters, digits and '_'"});
        expect_error([&] { build(name, [] { return hardtanh(input("image", {4}, Float(32))); }); },
                     {"network", "letters, digits and '_'"});
    }
    expect_error([] { build("net", [] { return hardtanh(input("", {4}, Float(32))); }); },
                 {"input \"\"", "letters, digits and '_'"});
    expect_error([] { build("", [] { return hardtanh(input("image", {4}, Float(32))); }); },
                 {"network \"\"", "letters, digits and '_'"});
    EXPECT_NO_THROW(net([](const Tensor &x) { return dense(x, {.units = 2, .name = "_Layer_1"}); }));
}

TEST(Names, MustNotBeThoseOfATrainingStepOrACheckpoint) {
    for (const char *name : {"labels", "loss", "random", "rate", "best", "optimizer"}) {
        expect_net_error([&](const Tensor &x) { return dense(x, {.units = 2, .name = name}); },
                         {name, "other than"});
        expect_error([&] { build("net", [&] { return hardtanh(input(name, {4}, Float(32))); }); },
                     {name, "other than"});
    }
}

TEST(Build, RefusesWhatTheScoresDoNotUse) {
    expect_error(
        [] {
            build("net", [] {
                input("unused", {4}, Float(32));
                return hardtanh(input("image", {4}, Float(32)));
            });
        },
        {"input 'unused'", "network 'net'"});
    expect_net_error(
        [](const Tensor &x) {
            dense(x, {.units = 3, .name = "forgotten"});
            return dense(x, {.units = 2});
        },
        {"dense 'forgotten' of", "network 'net'"});
}

TEST(Build, RefusesScoresThatAreNone) {
    expect_net_error([](const Tensor &x) { return quantize(x, sign()); },
                     {"network 'net'", "float32 scores", "quantize1", "u1[N, 4]"});
    expect_error([] { build("net", [] { return input("image", {4}, UInt(8)); }); },
                 {"network 'net'", "float32 scores", "u8[N, 4]"});
}

TEST(Build, RefusesTensorsOfAnotherNetwork) {
    std::vector<Tensor> kept;
    net([&](const Tensor &x) {
        kept.push_back(x);
        return hardtanh(x);
    });
    expect_error([&] { build("second", [&] { return kept[0]; }); }, {"network 'second'", "made in it"});
}

TEST(Build, RefusesANetworkInsideAnother) {
    expect_net_error(
        [](const Tensor &x) {
            build("inner", [] { return hardtanh(input("image", {4}, Float(32))); });
            return x;
        },
        {"network 'inner'", "inside network 'net'"});
}

TEST(Build, WorksAgainAfterAMistake) {
    expect_net_error([](const Tensor &x) { return dense(x, {.units = 0}); }, {"dense1"});
    EXPECT_NO_THROW(net([](const Tensor &x) { return dense(x, {.units = 1}); }));
    expect_error([] { input("image", {4}, UInt(8)); }, {"inside a network"});
}

}  // namespace

}  // namespace quantide
