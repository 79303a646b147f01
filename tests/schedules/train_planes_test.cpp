#include "compiler/lower/gradient_dots.h"
#include "compiler/lower/lower.h"
#include "tests/schedules/train_groups.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace quantide {

namespace {

/** A dense product of `rows` rows of float32 gradients and codes. */
struct Case {
    int64_t rows, outputs, inputs;
    const char *operand;
    bool rounded = false;  ///< to bfloat16

    std::string text() const { return fmt::format("{} x {} x {} by {}", rows, outputs, inputs, operand); }
    Attributes attributes() const {
        return rounded ? Attributes{{"format", std::string("bfloat16")}} : Attributes();
    }
};

/** A convolution of stride 1 of [N, C, H, W] by [O, C, kernel, kernel]. */
struct Geometry {
    int64_t n, c, h, w, o, kernel, pad;
    const char *operand;
    bool rounded = false;
    int64_t dilation = 1, more = 0;  ///< padding below and to the right, more than `pad`

    int64_t extent(int64_t size) const { return size + 2 * pad + more - dilation * (kernel - 1); }
    Shape result() const { return {n, o, extent(h), extent(w)}; }
    Attributes attributes() const {
        Attributes result = rounded ? Attributes{{"format", std::string("bfloat16")}} : Attributes();
        result.insert({{"strides", Shape{1, 1}},
                       {"dilations", Shape{dilation, dilation}},
                       {"pads", Shape{pad, pad, pad + more, pad + more}},
                       {"groups", int64_t{1}}});
        return result;
    }
    std::string text() const { return fmt::format("{} by {}", to_string(result()), operand); }
};

/** Products of float32 gradients with integers, which on some CPUs are products of bfloat16 numbers. */
class TrainPlanes : public GroupTest {
protected:
    /** Numbers whose sums with signs are exact, of as many bits as that leaves; beside other codes, of 24
     * bits.
     */
    ValueId gradient(const Shape &shape, int64_t terms, const std::string &codes, bool rounded) {
        graph = {};
        const Array numbers =
            codes == "sign" ? exact(shape, static_cast<int>((1 << 23) / terms)) : uniform(shape, -1, 1);
        const ValueId dy = parameter("dy", numbers);
        const ValueId result = rounded ? graph.add_one("round_to_bfloat16", "rounded", {dy}) : dy;
        for (const ValueId id : {dy, result}) {
            graph.value(id).layout = shape.size() == 4 ? Layout::ChannelsLast : Layout::Logical;
        }
        return result;
    }

    /** Runs the nodes named. A sum of n terms, each of them in three planes, has an error of at most 3 n eps
     * sum |terms|, the interpreter's n eps; it is multiplied by a scale, and something is added for an
     * offset. */
    void expect_sums(ValueId id, int64_t terms, const std::string &codes,
                     std::initializer_list<const char *> names) {
        for (Node &node : graph.nodes) {
            node.group = std::find(names.begin(), names.end(), node.name) != names.end() ? 0 : -1;
        }
        run(terms % 2 == 0);
        const double largest = codes == "sign" ? 0 : codes == "bytes" ? 64 : 1.2;
        const double bound = static_cast<double>((4 * terms + 2) * terms) * largest * 0x1p-24;
        expect_within(found(id), expected(id), [&](size_t) { return bound; });
    }

    void expect_tiles() {
        const auto product = std::find_if(graph.nodes.begin(), graph.nodes.end(),
                                          [](const Node &node) { return node.op.ends_with("_gradient"); });
        EXPECT_NE(gradient_dots(graph, *product, kernel_target({.level = &find_level("amx")})), nullptr);
    }
};

const Case kCases[] = {{9, 36, 38, "sign"},
                       {37, 70, 130, "sign"},
                       {8, 31, 38, "ternary"},
                       {9, 3, 33, "sign"},
                       {100, 17, 64, "symmetric(4)", true},
                       {16, 5, 33, "symmetric(8)"},
                       {137, 64, 38, "unsigned_uniform(3)"},
                       {8, 800, 65, "sign", true},
                       {40, 3, 1, "symmetric(3)"},
                       {12, 33, 66, "unsigned_uniform(8)"}};

TEST_F(TrainPlanes, DenseInputGradientIsThatOfFloat32) {
    for (const Case &c : kCases) {
        SCOPED_TRACE(c.text());
        const ValueId dy = gradient({c.rows, c.outputs}, c.outputs, c.operand, c.rounded);
        const ValueId w = operand(c.operand, {c.outputs, c.inputs}, Layout::OutputPanels);
        const ValueId dx = graph.add_one("dense_input_gradient", "dx", {dy, w}, c.attributes());
        graph.outputs = {dx};
        expect_sums(dx, c.outputs, c.operand, {"dx"});
        expect_tiles();
    }
}

TEST_F(TrainPlanes, FusedWeightGradientIsThatOfFloat32) {
    std::vector<Case> cases(std::begin(kCases), std::end(kCases));
    cases.push_back({17, 36, 38, "bytes"});
    cases.push_back({64, 33, 31, "bytes", true});
    for (const Case &c : cases) {
        SCOPED_TRACE(c.text());
        const ValueId dy = gradient({c.rows, c.outputs}, c.rows, c.operand, c.rounded);
        const ValueId x = operand(c.operand, {c.rows, c.inputs}, Layout::PackedWords);
        const ValueId moment = updated(graph.add_one("dense_weight_gradient", "g", {dy, x}, c.attributes()));
        expect_sums(moment, c.rows, c.operand, {"g", "sgd"});
        expect_tiles();
    }
}

TEST_F(TrainPlanes, ConvInputGradientIsThatOfFloat32) {
    const Geometry cases[] = {{2, 38, 5, 7, 36, 3, 1, "sign"},        {1, 33, 9, 4, 17, 2, 0, "sign", true},
                              {2, 5, 4, 17, 6, 3, 1, "ternary"},      {1, 38, 6, 6, 36, 1, 0, "symmetric(4)"},
                              {2, 5, 17, 16, 7, 1, 0, "sign"},        {3, 5, 5, 4, 33, 3, 1, "symmetric(8)"},
                              {1, 65, 3, 5, 40, 3, 2, "symmetric(2)"}};
    for (const Geometry &g : cases) {
        SCOPED_TRACE(g.text());
        const ValueId dy = gradient(g.result(), g.o * g.kernel * g.kernel, g.operand, g.rounded);
        const ValueId w = operand(g.operand, {g.o, g.c, g.kernel, g.kernel}, Layout::OutputPanels);
        Attributes attributes = g.attributes();
        attributes["image"] = Shape{g.h, g.w};
        const ValueId dx = graph.add_one("conv2d_input_gradient", "dx", {dy, w}, attributes);
        graph.value(dx).layout = Layout::ChannelsLast;
        graph.outputs = {dx};
        expect_sums(dx, g.o * g.kernel * g.kernel, g.operand, {"dx"});
        expect_tiles();
    }
}

// Of blocks that are parts of an image, and of some images.
const Geometry kWeights[] = {{10, 9, 8, 8, 33, 3, 1, "sign"},
                             {1, 16, 32, 17, 6, 3, 1, "ternary"},
                             {1, 8, 20, 40, 3, 3, 1, "sign"},
                             {2, 38, 5, 6, 64, 2, 0, "sign", true},
                             {3, 8, 6, 7, 33, 3, 2, "symmetric(8)"},
                             {4, 33, 9, 9, 5, 1, 0, "symmetric(4)"},
                             {2, 9, 9, 8, 35, 3, 1, "sign", false, 2, 1},
                             {2, 11, 7, 9, 34, 2, 1, "bytes", false, 1, 2}};

TEST_F(TrainPlanes, ConvWeightGradientIsThatOfFloat32) {
    for (const Geometry &g : kWeights) {
        for (const double pad : {0.0, 1.0}) {
            for (const bool fused : {false, true}) {
                SCOPED_TRACE(fmt::format("{}, fused: {}", g.text(), fused));
                const int64_t terms = g.n * g.result()[2] * g.result()[3];
                const ValueId dy = gradient(g.result(), terms, g.operand, g.rounded);
                const ValueId x = operand(g.operand, {g.n, g.c, g.h, g.w}, Layout::PackedWords);
                Attributes attributes = g.attributes();
                attributes["kernel"] = Shape{g.kernel, g.kernel};
                attributes["pad_value"] = g.operand == std::string("sign") ? pad : 0.0;
                const ValueId dw = graph.add_one("conv2d_weight_gradient", "g", {dy, x}, attributes);
                graph.value(dw).layout = Layout::ChannelsLast;
                graph.outputs = {dw};
                const ValueId result = fused ? updated(dw) : dw;
                if (fused) {
                    graph.outputs.clear();
                }
                expect_sums(result, terms, g.operand, {"g", "sgd"});
                expect_tiles();
            }
        }
    }
}

}  // namespace

}  // namespace quantide
