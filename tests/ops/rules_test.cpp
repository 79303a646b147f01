#include "compiler/ops/op.h"

#include "compiler/quantizers/quantizer.h"
#include "tests/base/expect_error.h"
#include "tests/ir/numbers.h"

#include <set>

namespace quantide {

namespace {

const Encoding kByte{{1, 2, 4, 8, 16, 32, 64, 128}, 0};

/** A graph with a value of each kind that rules take or refuse; N is the batch. */
class Rules : public testing::Test {
protected:
    Rules() {
        graph.name = "net";
        x = graph.add_one("input", "x", {}, {{"shape", Shape{3}}, {"bits", int64_t{32}}});
        bytes = graph.add_one("input", "bytes", {},
                              {{"shape", Shape{3}}, {"bits", int64_t{8}}, {"scale", 1.0}, {"offset", 0.5}});
        codes = graph.add_one("quantize", "codes", {x}, {{"quantizer", "sign"}});
        w = parameter("w", 5, 3);
        v3 = parameter("v3", 3, 0);
        v5 = parameter("v5", 5, 0);
        w_codes = graph.add_one("quantize", "w_codes", {w}, {{"quantizer", "sign"}});
        labels = graph.add_one("labels", "labels", {});
        rate = graph.add_one("scalar", "rate", {});
    }

    ValueId parameter(const std::string &name, int64_t rows, int64_t columns) {
        return graph.add_one("parameter", name, {},
                             {{"shape", columns > 0 ? Shape{rows, columns} : Shape{rows}},
                              {"init", "zeros"},
                              {"trainable", int64_t{1}}});
    }

    /** Types and shapes of the outputs. */
    std::vector<std::string> infer(const std::string &op, const std::vector<ValueId> &inputs,
                                   const Attributes &attributes = {}) {
        std::vector<std::string> result;
        for (ValueId id : graph.add(op, "layer", inputs, attributes)) {
            result.push_back(to_string(graph.value(id).type) + to_string(graph.value(id).shape));
        }
        return result;
    }

    void expect_refused(const std::string &op, const std::vector<ValueId> &inputs,
                        std::initializer_list<std::string> fragments, const Attributes &attributes = {}) {
        SCOPED_TRACE(op);
        const Graph before = graph;
        expect_error([&] { graph.add(op, "layer", inputs, attributes); }, fragments);
        expect_error([&] { graph.add(op, "layer", inputs, attributes); }, {"'layer'"});
        EXPECT_EQ(print(graph), print(before));
    }

    Graph graph;
    ValueId x, bytes, codes, w, v3, v5, w_codes, labels, rate;
};

using testing::ElementsAre;

TEST_F(Rules, GiveShapesAndTypes) {
    EXPECT_THAT(infer("dense", {x, w}), ElementsAre("f32[N, 5]"));
    EXPECT_THAT(infer("dense", {codes, w_codes}), ElementsAre("f32[N, 5]"));
    EXPECT_THAT(infer("dense", {bytes, w_codes}), ElementsAre("f32[N, 5]"));
    EXPECT_THAT(infer("batch_norm", {x, v3, v3, v3, v3}, {{"eps", 1e-4}}), ElementsAre("f32[N, 3]"));
    EXPECT_THAT(infer("hardtanh", {x}), ElementsAre("f32[N, 3]"));
    EXPECT_THAT(infer("integer_dense", {codes, w_codes}), ElementsAre("i32[N, 5]"));
    EXPECT_THAT(infer("code_sum", {w_codes}, {{"scale", 1.0}}), ElementsAre("f32[5]"));
    EXPECT_THAT(infer("batch_norm_train", {x, v3, v3}, {{"eps", 1e-4}}),
                ElementsAre("f32[N, 3]", "f32[3]", "f32[3]"));
    EXPECT_THAT(infer("batch_norm_gradient", {x, x, v3, v3, v3}, {{"eps", 1e-4}}),
                ElementsAre("f32[N, 3]", "f32[3]", "f32[3]"));
    EXPECT_THAT(infer("range", {x}), ElementsAre("f32[2]"));
    EXPECT_THAT(infer("range", {v5}), ElementsAre("f32[2]"));
    const ValueId range = graph.add_one("range", "x_range", {x});
    const Attributes fixed{{"format", "dynamic_fixed_point(16)"}};
    EXPECT_THAT(infer("gradient_codes", {x, range}, fixed), ElementsAre("i16[N, 3]"));
    const ValueId x_codes = graph.add_one("gradient_codes", "x_codes", {x, range}, fixed);
    EXPECT_THAT(infer("gradient_numbers", {x_codes, range}, fixed), ElementsAre("f32[N, 3]"));
    EXPECT_THAT(infer("dense_weight_gradient", {x_codes, codes, range}, fixed), ElementsAre("f32[3, 3]"));
    EXPECT_THAT(infer("round_to_bfloat16", {x}), ElementsAre("f32[N, 3]"));
    EXPECT_THAT(infer("squared_hinge", {x, labels}), ElementsAre("f32[1]"));
    EXPECT_THAT(infer("softmax_cross_entropy_gradient", {x, labels}), ElementsAre("f32[N, 3]"));
    EXPECT_THAT(infer("adam", {w, w, w, w, rate}), ElementsAre("f32[5, 3]", "f32[5, 3]", "f32[5, 3]"));
    EXPECT_THAT(infer("sgd", {v5, v5, v5, rate}), ElementsAre("f32[5]", "f32[5]"));
    const ValueId dy = graph.add_one("dense", "dy", {x, w});
    EXPECT_THAT(infer("dense_input_gradient", {dy, w_codes}), ElementsAre("f32[N, 3]"));
    EXPECT_THAT(infer("dense_weight_gradient", {dy, bytes}), ElementsAre("f32[5, 3]"));
    const ValueId acc = graph.add_one("integer_dense", "acc", {codes, w_codes});
    EXPECT_THAT(infer("dequantize", {acc, v5}, {{"scale", 1.0}}), ElementsAre("f32[N, 5]"));
    const ValueId t = graph.add_constant("t", Array(Int(32), {5}));
    EXPECT_THAT(infer("threshold", {acc, t}), ElementsAre("u1[N, 5]"));
}

TEST_F(Rules, RefuseOperandsThatDoNotFit) {
    const ValueId wide = parameter("wide", 5, 4);
    expect_refused("dense", {x, wide}, {"3", "4"});
    expect_refused("dense", {x, v3}, {"'v3'", "2 dimensions", "[3]"});
    expect_refused("dense", {x}, {"2 inputs", "found 1"});
    expect_refused("dense", {x, bytes}, {"symmetric"});
    expect_refused("batch_norm", {x, v3, v5, v3, v3}, {"'v5'", "f32[3]", "f32[5]"}, {{"eps", 1e-4}});
    for (const auto &[op, inputs] : {std::pair{"batch_norm", std::vector{x, v3, v3, v3, v3}},
                                     {"batch_norm_train", {x, v3, v3}},
                                     {"batch_norm_gradient", {x, x, v3, v3, v3}}}) {
        expect_refused(op, inputs, {"unknown normalization 'median'", op},
                       {{"eps", 1e-4}, {"norm", "median"}});
    }
    expect_refused("batch_norm", {codes, v3, v3, v3, v3}, {"'codes'", "u1[N, 3]"}, {{"eps", 1e-4}});
    expect_refused("quantize", {bytes}, {"float32", "u8"}, {{"quantizer", "sign"}});
    expect_refused("quantize_in_training", {x}, {"a parameter", "'x'"}, {{"quantizer", "sign"}});
    expect_error(
        [&] {
            graph.add("quantize_in_training", "layer", {w}, {{"quantizer", "signum"}});
        },
        {"unknown quantizer 'signum'"});
    expect_refused("hardtanh", {codes}, {"'codes'"});
    expect_refused("hardtanh", {}, {"at least 1 inputs"});
    expect_refused("integer_dense", {x, w_codes}, {"encoded operands"});
    expect_refused("integer_dense", {codes, w}, {"encoded operands"});
    expect_refused("code_sum", {w}, {"codes", "f32"}, {{"scale", 1.0}});
    expect_refused("dequantize", {x, v3}, {"integers", "f32"}, {{"scale", 1.0}});
    const ValueId acc = graph.add_one("integer_dense", "acc", {codes, w_codes});
    expect_refused("dequantize", {acc, v3}, {"'v3'", "f32[5]"}, {{"scale", 1.0}});
    const ValueId t = graph.add_constant("t", Array(Int(64), {5}));
    expect_refused("threshold", {acc, t}, {"i32[5]", "i64[5]"});
    for (const char *loss : {"squared_hinge", "squared_hinge_gradient", "softmax_cross_entropy",
                             "softmax_cross_entropy_gradient"}) {
        expect_refused(loss, {x, v3}, {"u8[N]", "f32[3]"});
        expect_refused(loss, {codes, labels}, {"'codes'"});
        expect_refused(loss, {x}, {"2 inputs"});
    }
    expect_refused("shift_adamax", {w, w, wide, w, rate}, {"'wide'", "f32[5, 3]", "f32[5, 4]"});
    expect_refused("adam", {w, w, wide, w, rate}, {"'wide'", "f32[5, 3]", "f32[5, 4]"});
    expect_refused("adam", {w, w, w, w, v3}, {"'v3'", "f32[1]"});
    expect_refused("sgd", {w, w, w, v3}, {"'v3'", "f32[1]"});
    expect_refused("dense_input_gradient", {x, w}, {"'x'", "f32[N, 5]"});
    expect_refused("dense_weight_gradient", {v3, x}, {"'v3'", "2 dimensions"});
    expect_refused("moving_average", {v3, v5}, {"'v5'", "f32[3]"});
    expect_refused("quantize_gradient", {x, codes}, {"'codes'"});
    expect_refused("range", {codes}, {"'codes'", "f32"});
    const Attributes fixed{{"format", "dynamic_fixed_point(16)"}};
    const ValueId range = graph.add_one("range", "x_range", {x});
    const ValueId x_codes = graph.add_one("gradient_codes", "x_codes", {x, range}, fixed);
    expect_refused("gradient_codes", {x, v3}, {"'v3'", "f32[2]"}, fixed);
    expect_refused("gradient_codes", {x, range}, {"3 inputs"}, {{"format", "stochastic_int8"}});
    expect_refused("gradient_codes", {x, range}, {"codes", "bfloat16"}, {{"format", "bfloat16"}});
    expect_refused("dense_weight_gradient", {x, codes, range}, {"'x'", "i16[N, 3]"}, fixed);
    expect_refused("dense_weight_gradient", {x_codes, x, range}, {"'x'", "expected integer codes"}, fixed);
    expect_refused("dense_weight_gradient", {x_codes, codes}, {"3 inputs"}, fixed);
    const Attributes drawn{
        {"rate", 0.5}, {"stream", int64_t{0}}, {"ahead", int64_t{0}}, {"quantizer", "sign"}};
    expect_refused("dropout_train", {x, v3}, {"key u32[3]", "f32[3]"}, drawn);
    expect_refused("quantize_train", {x, v3}, {"key u32[3]", "f32[3]"}, drawn);
    const ValueId key = graph.add_one("random_key", "key", {});
    expect_refused("dropout_train", {codes, key}, {"'codes'"}, drawn);
    expect_refused("quantize_train", {x, key}, {"stochastic quantizer", "sign"}, drawn);
    for (const double share : {1.0, -0.1, 7.0, std::nan("")}) {
        expect_refused("dropout", {x}, {"a rate in [0, 1)", fmt::format("found {}", share)},
                       {{"rate", share}});
    }
    expect_refused("dropout", {codes}, {"'codes'"}, {{"rate", 0.5}});
    expect_error([&] { graph.add("convolution", "layer", {x}); }, {"unknown op 'convolution'"});
}

TEST_F(Rules, RefuseEveryOpsWrongNumberOfInputs) {
    for (const OpDef *op : all_ops()) {
        SCOPED_TRACE(op->name);
        if (op == &constant_op) {
            EXPECT_THROW(graph.add("constant", "layer", {}), InternalError);
            continue;
        }
        const Attributes attributes{
            {"shape", Shape{3, 3}}, {"bits", int64_t{32}}, {"init", "zeros"}, {"trainable", int64_t{1}},
            {"scale", 1.0},         {"quantizer", "sign"}, {"rate", 0.5}};
        EXPECT_THROW(graph.add(op->name, "layer", std::vector<ValueId>(9, labels), attributes), CompileError);
    }
}

/** The accumulator's type for this depth and these encodings. */
ElementType accumulator(int64_t depth, const Encoding &x, const Encoding &w) {
    Graph graph;
    Node node{.op = "integer_dense", .name = "acc", .inputs = {0, 1}, .outputs = {}, .attributes = {}};
    graph.values.push_back({.name = "x", .shape = {1, depth}, .type = UInt(x.planes()), .encoding = x});
    graph.values.push_back({.name = "w", .shape = {1, depth}, .type = UInt(w.planes()), .encoding = w});
    return integer_dense_op.infer(graph, node).at(0).type;
}

TEST(Accumulator, IsInt32AsLongAsSumsAndThresholdsFit) {
    const Encoding sign = find_quantizer("sign").encoding();
    EXPECT_EQ(accumulator(1, sign, sign), Int(32));
    EXPECT_EQ(accumulator(INT32_MAX - 1, sign, sign), Int(32));
    EXPECT_EQ(accumulator(INT32_MAX, sign, sign), Int(64));
    EXPECT_EQ(accumulator(INT32_MAX / 255, kByte, sign), Int(32));
    EXPECT_EQ(accumulator(INT32_MAX / 255 + 1, kByte, sign), Int(64));
    EXPECT_EQ(accumulator(33025, kByte, kByte), Int(32));
    EXPECT_EQ(accumulator(33026, kByte, kByte), Int(64));  // 33026 * 255 * 255 = 2^31 + 32002
    EXPECT_EQ(accumulator(int64_t{1} << 40, sign, sign), Int(64));
}

TEST(Ops, AreWholeRows) {
    std::set<std::string> names;
    for (const OpDef *op : all_ops()) {
        SCOPED_TRACE(op->name);
        EXPECT_TRUE(names.insert(op->name).second);
        EXPECT_EQ(&find_op(op->name), op);
        EXPECT_NE(op->infer, nullptr);
        const std::string summary = op->summary;
        EXPECT_FALSE(summary.empty());
        EXPECT_EQ(summary.find('\n'), std::string::npos);
    }
    expect_error([] { find_op("Dense"); }, {"unknown op 'Dense'"});
}

}  // namespace

}  // namespace quantide
