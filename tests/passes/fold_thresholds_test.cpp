#include "compiler/ops/norm.h"
#include "compiler/passes/pass.h"
#include "compiler/passes/rewriter.h"
#include "compiler/quantizers/quantizer.h"
#include "tests/ir/numbers.h"

#include <cfloat>
#include <cmath>

namespace quantide {

namespace {

const std::vector<float> kWeights{0.0F,     -0.0F, 1,      -1,    1e-45F, -1e-45F, FLT_MIN,
                                  -FLT_MIN, 1e-3F, -1e-3F, 1e38F, -1e38F, FLT_MAX, -FLT_MAX};
const std::vector<float> kBiases{0.0F, -0.0F, 1e-45F, -1e-45F, 0.5F,    -0.5F,
                                 1,    -1,    1e38F,  -1e38F,  FLT_MAX, -FLT_MAX};
const std::vector<float> kMeans{0.0F, -0.0F, 1,     -1,     0.5F,    1e-45F,  -2.5F,
                                3,    100,   1e10F, -1e38F, FLT_MAX, -FLT_MAX};
const std::vector<float> kVariances{0, 1e-45F, FLT_MIN, 1e-4F, 1, 1e4F, 1e38F, FLT_MAX};

/** input, dense by sign weights of `units`, batch norm (or not), sign; all numbers constants. */
struct Layer {
    Graph graph;
    ValueId codes = -1;

    Layer(ElementType type, float scale, float offset, const Array &weights) {
        graph.name = "layer";
        x = type == UInt(8)
                ? graph.add_one("input", "x", {},
                                {{"shape", Shape{weights.shape[1]}},
                                 {"bits", int64_t{8}},
                                 {"scale", double{scale}},
                                 {"offset", double{offset}}})
                : graph.add_one("quantize", "signs",
                                {graph.add_one("input", "x", {},
                                               {{"shape", Shape{weights.shape[1]}}, {"bits", int64_t{32}}})},
                                {{"quantizer", "sign"}});
        const ValueId w = graph.add_constant("w", weights, find_quantizer("sign").encoding());
        y = graph.add_one("dense", "dense", {x, w});
    }

    void norm(const Array &weight, const Array &bias, const Array &mean, const Array &var, double eps,
              const char *kind = "variance") {
        std::vector<ValueId> inputs{y};
        for (const Array *array : {&weight, &bias, &mean, &var}) {
            inputs.push_back(graph.add_constant("n", *array));
        }
        y = graph.add_one("batch_norm", "norm", inputs, {{"eps", eps}, {"momentum", 0.1}, {"norm", kind}});
    }

    void finish() {
        codes = graph.add_one("quantize", "codes", {y}, {{"quantizer", "sign"}});
        graph.outputs = {codes};
        verify(graph, "construction");
    }

    ValueId x = -1, y = -1;
};

Graph fold(const Graph &graph) {
    Graph result = graph;
    for (auto *pass : {integer_products, fold_constants, fold_thresholds}) {
        result = pass(result, {});
        verify(result, "a pass");
    }
    return result;
}

size_t count_op(const Graph &graph, const std::string &op) {
    return static_cast<size_t>(std::count_if(graph.nodes.begin(), graph.nodes.end(),
                                             [&](const Node &node) { return node.op == op; }));
}

void expect_folded(const Layer &layer, const Array &inputs) {
    const Graph folded = fold(layer.graph);
    EXPECT_EQ(count_op(folded, "threshold"), 1U);
    EXPECT_EQ(count_op(folded, "batch_norm") + count_op(folded, "quantize") + count_op(folded, "dequantize"),
              count_op(layer.graph, "quantize") - 1);
    EXPECT_EQ(interpret_outputs(folded, {{"x", inputs}}), interpret_outputs(layer.graph, {{"x", inputs}}));
}

Array pick(Random &random, const std::vector<float> &list, int64_t n, float spread) {
    Array array(Float(32), {n});
    for (float &x : array.floats()) {
        x = random.integer(0, 2) == 0 ? random.real(-spread, spread) : random.pick(list);
    }
    return array;
}

/** All 2^k inputs of k signs. */
Array all_signs(int64_t k) {
    Array x(Float(32), {int64_t{1} << k, k});
    for (size_t i = 0; i < x.floats().size(); ++i) {
        x.floats()[i] = (i / static_cast<size_t>(k) >> (i % static_cast<size_t>(k)) & 1) != 0 ? 1.0F : -1.0F;
    }
    return x;
}

/** Every input of one byte, or of two. */
Array all_bytes(int64_t k) {
    Array x(UInt(8), {int64_t{1} << (8 * k), k});
    for (size_t i = 0; i < x.bytes.size(); ++i) {
        x.as<uint8_t>()[i] = static_cast<uint8_t>(k == 1 ? i : i / 2 >> (8 * (i % 2)));
    }
    return x;
}

TEST(FoldThresholds, AgreesOnEveryReachableAccumulatorOfSigns) {
    constexpr int64_t kUnits = 200;
    for (int64_t k = 1; k <= 7; ++k) {
        const Array inputs = all_signs(k);
        for (double eps : {1e-4, 1e-12, 1e-46, 1e30}) {
            SCOPED_TRACE(testing::Message() << "seed and inputs " << k << ", eps " << eps);
            Random random(static_cast<uint32_t>(k));
            Layer layer(UInt(1), 1, 0, random.codes(UInt(1), {kUnits, k}));
            Array var = pick(random, kVariances, kUnits, 4);
            std::for_each(var.floats().begin(), var.floats().end(), [](float &v) { v = std::fabs(v); });
            layer.norm(pick(random, kWeights, kUnits, 2), pick(random, kBiases, kUnits, 2),
                       pick(random, kMeans, kUnits, static_cast<float>(k)), var, eps);
            layer.finish();
            expect_folded(layer, inputs);
        }
    }
}

TEST(FoldThresholds, TakesEveryNormalization) {
    constexpr int64_t kUnits = 200, kInputs = 6;
    for (const Norm &norm : all_norms()) {
        SCOPED_TRACE(norm.name);
        Random random(3);
        Layer layer(UInt(1), 1, 0, random.codes(UInt(1), {kUnits, kInputs}));
        Array spread = pick(random, kVariances, kUnits, 4);
        std::for_each(spread.floats().begin(), spread.floats().end(), [](float &v) { v = std::fabs(v); });
        layer.norm(pick(random, kWeights, kUnits, 2), pick(random, kBiases, kUnits, 2),
                   pick(random, kMeans, kUnits, kInputs), spread, 1e-5, norm.name);
        layer.finish();
        expect_folded(layer, all_signs(kInputs));
    }
}

TEST(FoldThresholds, AgreesOnEveryReachableAccumulatorOfBytes) {
    struct Case {
        int64_t k;
        float scale, offset;
    };
    for (const Case &c : {Case{1, 1, 0}, Case{1, 2.0F / 255, -1}, Case{1, 1e10F, -1e10F},
                          Case{1, 1e-10F, 1e10F}, Case{2, 0.125F, -1}, Case{2, 0.1F, 0.3F}}) {
        SCOPED_TRACE(testing::Message()
                     << "seed and inputs " << c.k << ", scale " << c.scale << ", offset " << c.offset);
        const int64_t units = c.k == 1 ? 300 : 12;
        Random random(static_cast<uint32_t>(c.k));
        Layer layer(UInt(8), c.scale, c.offset, random.codes(UInt(1), {units, c.k}));
        Array var = pick(random, kVariances, units, 4);
        std::for_each(var.floats().begin(), var.floats().end(), [](float &v) { v = std::fabs(v); });
        layer.norm(pick(random, kWeights, units, 2), pick(random, kBiases, units, 2),
                   pick(random, kMeans, units, 256 * c.scale), var, 1e-4);
        layer.finish();
        expect_folded(layer, all_bytes(c.k));
    }
}

TEST(FoldThresholds, NeedsNoBatchNorm) {
    Random random(9);
    Layer signs(UInt(1), 1, 0, random.codes(UInt(1), {33, 6}));
    signs.finish();
    expect_folded(signs, all_signs(6));
    Layer bytes(UInt(8), 0.5F, -20, random.codes(UInt(1), {33, 1}));
    bytes.finish();
    expect_folded(bytes, all_bytes(1));
}

/** The threshold of one unit of `k` weights of +1 with this batch norm; -t where its bit is inverted. */
int64_t threshold(int64_t k, float weight, float bias, float mean) {
    Array ones(UInt(1), {1, k});
    std::fill(ones.as<uint8_t>().begin(), ones.as<uint8_t>().end(), uint8_t{1});
    Layer layer(UInt(8), 1, 0, ones);
    layer.norm(make_floats({1}, {weight}), make_floats({1}, {bias}), make_floats({1}, {mean}),
               make_floats({1}, {1}), 1e-12);
    layer.finish();
    const Graph folded = fold(layer.graph);
    const auto node = std::find_if(folded.nodes.begin(), folded.nodes.end(),
                                   [](const Node &n) { return n.op == "threshold"; });
    const Array &t = *folded.constants.at(node->inputs[1]);
    const int64_t found = t.type == Int(32) ? t.as<int32_t>()[0] : t.as<int64_t>()[0];
    const Node &flip = folded.producer(folded.outputs[0]);
    EXPECT_EQ(flip.op, "flip");
    return folded.constants.at(flip.inputs[1])->as<uint8_t>()[0] != 0 ? -found : found;
}

TEST(FoldThresholds, FindsTheThresholdsThatOneWouldDerive) {
    EXPECT_EQ(threshold(3, 1, 0, 10), 10);
    EXPECT_EQ(threshold(3, 1, 0, 10.5F), 11);
    EXPECT_EQ(threshold(3, 2, 3, 10), 9);        // acc >= 8.5
    EXPECT_EQ(threshold(3, -1, 0, 10.5F), -11);  // not acc >= 11
    EXPECT_EQ(threshold(3, 0, 1, 10), -765);     // always
    EXPECT_EQ(threshold(3, 0, -1, 10), 766);     // never
    EXPECT_EQ(threshold(3, 0, -0.0F, 10), -765);
}

TEST(FoldThresholds, FindsThresholdsBeyondInt32) {
    constexpr int64_t kDepth = 8421505;
    // float(acc) rounds to multiples of 128 below 2^31, ties to the even 2^31.
    EXPECT_EQ(threshold(kDepth, 1, 0, 0x1p31F), (int64_t{1} << 31) - 64);
    EXPECT_EQ(threshold(kDepth, -1, 0, 0x1p31F - 256), -((int64_t{1} << 31) - 191));
    EXPECT_EQ(threshold(kDepth, 0, -1, 0), 255 * kDepth + 1);
}

TEST(FoldThresholds, TakesWeightsThatTwoLayersShare) {
    for (uint32_t seed = 0; seed < 20; ++seed) {
        SCOPED_TRACE(testing::Message() << "seed " << seed);
        Random random(seed);
        Layer layer(UInt(1), 1, 0, random.codes(UInt(1), {7, 7}));
        const ValueId w = layer.graph.find("w");
        layer.norm(random.floats({7}), random.floats({7}), random.floats({7}, -4, 4),
                   random.floats({7}, 0, 2), 1e-4);
        layer.finish();
        layer.y = layer.graph.add_one("dense", "dense", {layer.codes, w});
        layer.norm(random.floats({7}), random.floats({7}), random.floats({7}, -4, 4),
                   random.floats({7}, 0, 2), 1e-4);
        layer.finish();
        const Graph folded = fold(layer.graph);
        EXPECT_EQ(count_op(folded, "threshold"), 2U);
        const Array inputs = all_signs(7);
        EXPECT_EQ(interpret_outputs(folded, {{"x", inputs}}),
                  interpret_outputs(layer.graph, {{"x", inputs}}));
    }
}

TEST(FoldThresholds, KeepsWhatOthersReadToo) {
    Random random(3);
    Layer layer(UInt(1), 1, 0, random.codes(UInt(1), {5, 6}));
    const ValueId product = layer.y;
    layer.norm(random.floats({5}), random.floats({5}), random.floats({5}, -4, 4), random.floats({5}, 0, 2),
               1e-4);
    const ValueId norm = layer.y;
    layer.finish();
    const Array inputs = all_signs(6);
    for (ValueId other : {product, norm}) {
        Graph graph = layer.graph;
        graph.outputs = {layer.codes, other};
        EXPECT_EQ(interpret_outputs(fold(graph), {{"x", inputs}}), interpret_outputs(graph, {{"x", inputs}}));
        graph.outputs = {layer.codes, graph.add_one("hardtanh", "other", {other})};
        const Graph kept = fold(graph);
        EXPECT_EQ(count_op(kept, "threshold"), 0U);
        EXPECT_EQ(interpret_outputs(kept, {{"x", inputs}}), interpret_outputs(graph, {{"x", inputs}}));
    }
}

TEST(FoldThresholds, TakesAClampBeforeTheSign) {
    Random random(3);
    Layer layer(UInt(1), 1, 0, random.codes(UInt(1), {5, 6}));
    layer.y = layer.graph.add_one("hardtanh", "clamp", {layer.y});
    layer.finish();
    const Graph folded = fold(layer.graph);
    EXPECT_EQ(count_op(folded, "threshold"), 1U);
    EXPECT_EQ(count_op(folded, "hardtanh"), 0U);
    EXPECT_EQ(interpret_outputs(folded, {{"x", all_signs(6)}}),
              interpret_outputs(layer.graph, {{"x", all_signs(6)}}));
}

}  // namespace

}  // namespace quantide
