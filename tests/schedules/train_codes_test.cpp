#include "compiler/lower/gradient_dots.h"
#include "compiler/lower/lower.h"
#include "compiler/ops/gradient.h"
#include "tests/schedules/train_groups.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace quantide {

namespace {

constexpr const char *kUniform = "stochastic_uniform(6)", *kBytes = "stochastic_int8",
                     *kFixed = "dynamic_fixed_point(16)", *kPowers = "stochastic_log_quant(6)";

/** A product of `rows` rows of gradients, in a format, and codes. */
struct Case {
    int64_t rows, outputs, inputs;
    const char *format, *operand;

    std::string text() const {
        return fmt::format("{} x {} x {}, {} by {}", rows, outputs, inputs, format, operand);
    }
};

/** A convolution of [N, C, H, W] by [O, C / groups, h, w] beside codes. */
struct Geometry {
    int64_t n, c, h, w, o, kernel, stride, pad, groups;
    const char *format, *operand;
    double pad_value = 0;

    int64_t extent(int64_t size) const { return (size + 2 * pad - kernel) / stride + 1; }
    Shape result() const { return {n, o, extent(h), extent(w)}; }
    std::string text() const {
        return fmt::format("{} of stride {} in {} groups, {} by {}, padding {}", to_string(result()), stride,
                           groups, format, operand, pad_value);
    }
    Attributes attributes() const {
        return {{"strides", Shape{stride, stride}},
                {"dilations", Shape{1, 1}},
                {"pads", Shape{pad, pad, pad, pad}},
                {"groups", groups}};
    }
};

/** Products of gradients in low precision with codes of every kind, and what makes those of gradients. */
class TrainCodes : public GroupTest {
protected:
    /** A gradient, kept in a format: the values that a product reads. */
    struct Gradient {
        ValueId codes, range;
    };

    Gradient gradient(const std::string &format, const Shape &shape, float high = 0.25F) {
        graph = {};
        const ValueId dy = parameter("dy", uniform(shape, -0.125F, high));
        const ValueId range = graph.add_one("range", "range", {dy});
        std::vector<ValueId> inputs{dy, range};
        Attributes attributes{{"format", format}};
        if (find_gradient_format(format).stochastic()) {
            Array key(UInt(32), {3});
            std::generate(key.as<uint32_t>().begin(), key.as<uint32_t>().end(), [&] { return random(); });
            bindings["key"] = key;
            inputs.push_back(graph.add_one("random_key", "key", {}));
            attributes["stream"] = int64_t{9};
            attributes["ahead"] = int64_t{0};
        }
        const ValueId codes = graph.add_one("gradient_codes", "codes", inputs, attributes);
        for (const ValueId id : {dy, codes}) {
            graph.value(id).layout = shape.size() == 4 ? Layout::ChannelsLast : Layout::Logical;
        }
        return {codes, range};
    }

    /** A sum is exact: rounded once, and multiplied by a scale that two roundings made. Where there are two
     * such terms, the larger may be far above their sum. */
    void expect_rounded_once(ValueId id, bool two_terms) {
        const auto wanted = expected(id).floats();
        const double most = std::transform_reduce(
            wanted.begin(), wanted.end(), 0.0, [](double a, double b) { return std::max(a, b); },
            [](float y) { return std::fabs(static_cast<double>(y)); });
        expect_within(found(id), expected(id), [&](size_t i) {
            const double y = std::fabs(static_cast<double>(wanted[i]));
            return (two_terms ? 64 * most : y + most * 0x1p-20) * 0x1p-22;
        });
    }

    /** Runs the group, also as CPUs of lower levels do: of sums of integers that is no other bit. */
    void run_on_levels(ValueId id, bool parallel) {
        run(parallel);
        const Array here = found(id);
        for (const char *name = host_level().otherwise; name != nullptr; name = find_level(name).otherwise) {
            run(parallel, find_level(name));
            EXPECT_TRUE(found(id).bytes == here.bytes) << "not those of " << name;
        }
    }

    void expect_input_gradient(const Case &c);
    /** In panels, behind the update: without momentum sgd's moment is the gradient. */
    void expect_update(const Case &c);
    void expect_image_gradient(const Geometry &g);
    void expect_kernel_gradient(const Geometry &g);

    /** That the last product is one of bytes for some CPU. */
    void expect_bytes(const char *level) {
        const auto product = std::find_if(graph.nodes.begin(), graph.nodes.end(),
                                          [](const Node &node) { return node.op.ends_with("_gradient"); });
        EXPECT_NE(gradient_dots(graph, *product, kernel_target({.level = &find_level(level)})), nullptr);
    }

    /** Runs a product alone. */
    void expect_product(const std::string &op, const Gradient &dy, ValueId other, Attributes attributes,
                        const std::string &format, bool parallel) {
        // The number beside the image is not quite that of its code.
        const bool pads =
            attributes.count("pad_value") != 0 && std::get<double>(attributes["pad_value"]) != 0;
        attributes["format"] = format;
        const ValueId product = graph.add_one(op, "product", {dy.codes, other, dy.range}, attributes);
        graph.value(product).layout =
            graph.value(product).shape.size() == 4 ? Layout::ChannelsLast : Layout::Logical;
        graph.outputs = {product};
        for (Node &node : graph.nodes) {
            node.group = node.name == "product" ? 0 : -1;
        }
        const bool has_offset = integer_view(graph.value(other).encoding).offset != 0;
        run_on_levels(product, parallel);
        expect_rounded_once(product, pads || has_offset);
    }
};

TEST_F(TrainCodes, AreThoseOfTheInterpreter) {
    const std::pair<const char *, Shape> cases[] = {
        {"stochastic_uniform(6)", {7, 64}},         {"stochastic_uniform(8)", {3, 2, 5, 7}},
        {"stochastic_uniform(2)", {1, 1}},          {"stochastic_int8", {5, 33}},
        {"stochastic_log_quant(6)", {3, 65}},       {"stochastic_log_quant(3)", {2, 32, 3, 3}},
        {"dynamic_fixed_point(16)", {2, 31, 3, 1}}, {"dynamic_fixed_point(7)", {3, 63}},
    };
    for (const auto &[format, shape] : cases) {
        for (const float high : {0.25F, std::numeric_limits<float>::infinity()}) {
            if (high > 1 && shape[0] != 5) {
                continue;  // once is enough
            }
            SCOPED_TRACE(fmt::format("{} of {} below {}", format, to_string(shape), high));
            const Gradient dy = gradient(format, shape);
            bindings["dy"].floats().back() = high;
            graph.outputs = {dy.codes};
            for (Node &node : graph.nodes) {
                node.group = node.op == "gradient_codes" ? 0 : -1;
            }
            run(shape.size() == 4);
            EXPECT_TRUE(found(dy.codes).bytes == expected(dy.codes).bytes);
        }
    }
}

TEST_F(TrainCodes, RoundToBfloat16AsTheInterpreter) {
    graph = {};
    const ValueId x = parameter("x", uniform({3, 33}, -1, 1));
    bindings["x"].floats()[5] = std::numeric_limits<float>::quiet_NaN();
    const ValueId y = graph.add_one("round_to_bfloat16", "y", {x});
    graph.outputs = {y};
    fuse(1);
    run();
    EXPECT_TRUE(found(y).bytes == expected(y).bytes);
}

TEST_F(TrainCodes, StandForTheNumbersOfTheInterpreter) {
    for (const char *format : {kUniform, kBytes, kFixed, kPowers}) {
        const Gradient dy = gradient(format, {3, 33});
        const ValueId y =
            graph.add_one("gradient_numbers", "y", {dy.codes, dy.range}, {{"format", std::string(format)}});
        graph.outputs = {y};
        graph.nodes.back().group = 0;
        run();
        EXPECT_TRUE(found(y).bytes == expected(y).bytes);
    }
}

const Case kByWeights[] = {{1, 1, 1, kBytes, "sign"},         {3, 33, 65, kUniform, "sign"},
                           {65, 130, 33, kFixed, "sign"},     {5, 31, 64, kPowers, "sign"},
                           {3, 33, 65, kBytes, "ternary"},    {64, 63, 31, kFixed, "symmetric(4)"},
                           {1, 3, 1, kPowers, "symmetric(3)"}};

/** Those that bytes do, on some CPUs: of rows that fill tiles, with more or less of them left over. */
const Case kBytesByWeights[] = {{9, 36, 38, kUniform, "sign"},
                                {37, 70, 130, kBytes, "sign"},
                                {8, 36, 38, kBytes, "ternary"},
                                {100, 70, 64, "dynamic_fixed_point(7)", "symmetric(4)"},
                                {16, 36, 33, kUniform, "unsigned_uniform(3)"},
                                {137, 64, 38, "stochastic_uniform(8)", "symmetric(7)"},
                                {9, 800, 38, kBytes, "symmetric(8)"}};

void TrainCodes::expect_input_gradient(const Case &c) {
    SCOPED_TRACE(c.text());
    const Gradient dy = gradient(c.format, {c.rows, c.outputs});
    const ValueId w = operand(c.operand, {c.outputs, c.inputs}, Layout::OutputPanels);
    expect_product("dense_input_gradient", dy, w, {}, c.format, c.rows % 2 == 0);
}

TEST_F(TrainCodes, DenseInputGradientIsExactInIntegers) {
    for (const Case &c : kByWeights) {
        expect_input_gradient(c);
    }
}

TEST_F(TrainCodes, DenseInputGradientByBytesIsThatOfOtherLevels) {
    for (const Case &c : kBytesByWeights) {
        expect_input_gradient(c);
        expect_bytes("avx512");
    }
}

const Case kByInputs[] = {{1, 1, 1, kUniform, "sign"},   {100, 33, 65, kBytes, "sign"},
                          {63, 3, 31, kFixed, "sign"},   {300, 5, 33, kBytes, "sign"},
                          {3, 65, 64, kPowers, "sign"},  {3, 33, 65, kUniform, "symmetric(3)"},
                          {64, 63, 31, kBytes, "bytes"}, {7, 1, 3, kPowers, "ternary"}};

TEST_F(TrainCodes, DenseWeightGradientIsExactInIntegers) {
    for (const Case &c : {kByInputs[1], kByInputs[4], kByInputs[6]}) {
        SCOPED_TRACE(c.text());
        const Gradient dy = gradient(c.format, {c.rows, c.outputs});
        const ValueId x = operand(c.operand, {c.rows, c.inputs}, Layout::PackedWords);
        expect_product("dense_weight_gradient", dy, x, {}, c.format, c.rows % 2 == 0);
    }
}

const Case kBytesByInputs[] = {{9, 36, 38, kUniform, "sign"},
                               {37, 70, 129, kBytes, "sign"},
                               {8, 36, 38, kBytes, "ternary"},
                               {100, 70, 130, "dynamic_fixed_point(7)", "symmetric(4)"},
                               {64, 64, 38, "stochastic_uniform(8)", "bytes"},
                               {800, 36, 38, kBytes, "bytes"}};

void TrainCodes::expect_update(const Case &c) {
    SCOPED_TRACE(c.text());
    const Gradient dy = gradient(c.format, {c.rows, c.outputs});
    const ValueId x = operand(c.operand, {c.rows, c.inputs}, Layout::PackedWords);
    const ValueId moment = updated(graph.add_one("dense_weight_gradient", "g", {dy.codes, x, dy.range},
                                                 {{"format", std::string(c.format)}}));
    for (Node &node : graph.nodes) {
        node.group = node.name == "g" || node.op == "sgd" ? 0 : -1;
    }
    run_on_levels(moment, c.rows % 2 == 0);
    expect_rounded_once(moment, integer_view(graph.value(x).encoding).offset != 0);
}

TEST_F(TrainCodes, FusedWeightGradientIsExactInIntegers) {
    for (const Case &c : kByInputs) {
        expect_update(c);
    }
}

TEST_F(TrainCodes, FusedWeightGradientByBytesIsThatOfOtherLevels) {
    for (const Case &c : kBytesByInputs) {
        expect_update(c);
        expect_bytes("amx");
    }
}

const Geometry kConvByWeights[] = {
    {1, 1, 1, 1, 1, 1, 1, 0, 1, kUniform, "sign"},    {2, 33, 7, 5, 31, 3, 1, 1, 1, kBytes, "sign"},
    {1, 32, 5, 17, 65, 3, 1, 1, 1, kUniform, "sign"}, {2, 33, 7, 5, 31, 3, 1, 1, 1, kFixed, "symmetric(4)"},
    {1, 3, 4, 4, 33, 2, 1, 0, 1, kPowers, "ternary"}, {2, 5, 9, 8, 6, 3, 2, 1, 1, kUniform, "symmetric(4)"},
    {1, 4, 5, 6, 6, 3, 1, 1, 2, kBytes, "sign"}};

/** Those that bytes do, on some CPUs. */
const Geometry kBytesByConvWeights[] = {
    {2, 38, 5, 7, 36, 3, 1, 1, 1, kBytes, "sign"},   {1, 33, 9, 4, 70, 2, 1, 0, 1, kUniform, "sign"},
    {2, 5, 4, 17, 6, 3, 1, 1, 1, kBytes, "ternary"}, {1, 38, 6, 6, 36, 1, 1, 0, 1, kUniform, "symmetric(4)"},
    {2, 5, 17, 16, 33, 3, 1, 1, 1, kBytes, "sign"},  {3, 5, 5, 4, 33, 3, 1, 1, 1, kBytes, "symmetric(8)"}};

void TrainCodes::expect_image_gradient(const Geometry &g) {
    SCOPED_TRACE(g.text());
    const Gradient dy = gradient(g.format, g.result());
    const ValueId w = operand(g.operand, {g.o, g.c / g.groups, g.kernel, g.kernel}, Layout::OutputPanels);
    Attributes attributes = g.attributes();
    attributes["image"] = Shape{g.h, g.w};
    expect_product("conv2d_input_gradient", dy, w, attributes, g.format, g.n == 2);
}

TEST_F(TrainCodes, ConvInputGradientIsExactInIntegers) {
    for (const Geometry &g : kConvByWeights) {
        expect_image_gradient(g);
    }
}

TEST_F(TrainCodes, ConvInputGradientByBytesIsThatOfOtherLevels) {
    for (const Geometry &g : kBytesByConvWeights) {
        expect_image_gradient(g);
        expect_bytes("avx512");
    }
}

const Geometry kConvByInputs[] = {
    {1, 1, 1, 1, 1, 1, 1, 0, 1, kBytes, "sign"},     {2, 33, 7, 5, 31, 3, 1, 1, 1, kUniform, "sign", 1},
    {1, 4, 32, 17, 65, 3, 1, 1, 1, kFixed, "sign"},  {2, 33, 7, 5, 31, 3, 1, 1, 1, kBytes, "symmetric(4)", 1},
    {2, 3, 7, 5, 33, 3, 1, 1, 1, kUniform, "bytes"}, {1, 3, 4, 4, 33, 2, 1, 1, 1, kFixed, "bytes", -2},
    {2, 5, 9, 8, 6, 3, 2, 1, 1, kBytes, "ternary"},  {1, 3, 5, 4, 7, 2, 1, 0, 1, kPowers, "symmetric(3)"},
    {1, 4, 5, 6, 6, 3, 1, 1, 2, kUniform, "bytes"},  {1, 4, 5, 6, 6, 3, 1, 1, 2, kPowers, "bytes", -2}};

/** Those that bytes do, on some CPUs: of rows of an image, of images, of outputs whose columns are no fours.
 */
const Geometry kBytesByConvInputs[] = {{10, 3, 8, 8, 33, 3, 1, 1, 1, kBytes, "sign"},
                                       {1, 16, 32, 17, 6, 3, 1, 1, 1, kUniform, "ternary"},
                                       {2, 7, 5, 6, 64, 2, 1, 0, 1, kBytes, "bytes"},
                                       {50, 2, 26, 26, 3, 3, 1, 1, 1, kBytes, "bytes", -2},
                                       {4, 4, 9, 9, 5, 1, 1, 0, 1, kBytes, "symmetric(8)"},
                                       {20, 40, 8, 8, 70, 3, 1, 1, 1, kBytes, "sign", 1},
                                       {3, 33, 7, 9, 33, 3, 1, 1, 1, "stochastic_uniform(8)", "symmetric(4)"},
                                       {2, 9, 5, 6, 31, 2, 1, 0, 1, kBytes, "bytes"},
                                       {3, 5, 6, 7, 33, 3, 1, 1, 1, "stochastic_uniform(8)", "bytes", -2}};

void TrainCodes::expect_kernel_gradient(const Geometry &g) {
    SCOPED_TRACE(g.text());
    const Gradient dy = gradient(g.format, g.result());
    const ValueId x = operand(g.operand, {g.n, g.c, g.h, g.w}, Layout::PackedWords);
    Attributes attributes = g.attributes();
    attributes["kernel"] = Shape{g.kernel, g.kernel};
    attributes["pad_value"] = g.pad_value;
    expect_product("conv2d_weight_gradient", dy, x, attributes, g.format, g.n == 2);
}

TEST_F(TrainCodes, ConvWeightGradientIsExactInIntegers) {
    for (const Geometry &g : kConvByInputs) {
        expect_kernel_gradient(g);
    }
}

TEST_F(TrainCodes, ConvWeightGradientByBytesIsThatOfOtherLevels) {
    for (const Geometry &g : kBytesByConvInputs) {
        expect_kernel_gradient(g);
        expect_bytes("avx512");
    }
}

TEST_F(TrainCodes, NumbersThatAreNoCodesAreExactInIntegers) {
    for (const char *operand : {"power_of_two(2)", "power_of_two(4)", "thermometer(8)"}) {
        expect_input_gradient({5, 33, 65, kFixed, operand});
        expect_input_gradient({9, 36, 38, kBytes, operand});
        expect_bytes("avx512");
        expect_update({9, 33, 65, kFixed, operand});
        expect_update({37, 70, 129, kBytes, operand});
        expect_bytes("amx");
        expect_image_gradient({2, 5, 9, 8, 6, 3, 2, 1, 1, kUniform, operand});
        expect_image_gradient({2, 38, 5, 7, 36, 3, 1, 1, 1, kBytes, operand});
        expect_bytes("avx512");
        expect_kernel_gradient({1, 4, 5, 6, 6, 3, 1, 1, 2, kPowers, operand});
        expect_kernel_gradient({2, 33, 7, 5, 31, 3, 1, 1, 1, kFixed, operand, 1});
        expect_kernel_gradient({10, 3, 8, 8, 33, 3, 1, 1, 1, kBytes, operand, 1});
        expect_bytes("avx512");
    }
}

}  // namespace

}  // namespace quantide
