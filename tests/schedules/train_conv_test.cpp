#include "tests/schedules/train_groups.h"

#include <fmt/format.h>

namespace quantide {

namespace {

/** A convolution of [N, C, H, W] by [O, C, h, w]. */
struct Geometry {
    int64_t n, c, h, w, o, kernel_h, kernel_w, stride, dilation;
    Shape pads;

    int64_t extent(int64_t size, int64_t kernel, size_t axis) const {
        return (size + pads[axis] + pads[axis + 2] - dilation * (kernel - 1) - 1) / stride + 1;
    }
    Shape image() const { return {n, c, h, w}; }
    Shape result() const { return {n, o, extent(h, kernel_h, 0), extent(w, kernel_w, 1)}; }
    Shape kernel() const { return {o, c, kernel_h, kernel_w}; }
    Attributes attributes() const {
        return {{"strides", Shape{stride, stride}},
                {"dilations", Shape{dilation, dilation}},
                {"pads", pads},
                {"groups", int64_t{1}}};
    }
    std::string text() const {
        return fmt::format("{} * {} -> {}, stride {}, dilation {}, pads {}", to_string(image()),
                           to_string(kernel()), to_string(result()), stride, dilation, to_string(pads));
    }
};

const Geometry kGeometries[] = {
    {1, 1, 1, 1, 1, 1, 1, 1, 1, {0, 0, 0, 0}},      {2, 3, 8, 8, 32, 3, 3, 1, 1, {1, 1, 1, 1}},
    {3, 33, 7, 5, 31, 3, 3, 1, 1, {1, 1, 1, 1}},    {2, 64, 16, 16, 10, 3, 3, 1, 1, {1, 1, 1, 1}},
    {1, 31, 13, 13, 65, 5, 4, 1, 1, {2, 1, 2, 3}},  {2, 32, 9, 33, 33, 3, 3, 1, 2, {2, 2, 2, 2}},
    {1, 5, 11, 10, 34, 2, 3, 1, 2, {0, 1, 2, 0}},   {2, 65, 4, 4, 64, 1, 1, 1, 1, {0, 0, 0, 0}},
    {2, 9, 9, 8, 40, 3, 3, 2, 1, {1, 1, 1, 1}},     {1, 40, 31, 3, 7, 3, 3, 1, 1, {0, 0, 0, 0}},
    {1, 4, 6, 6, 3, 3, 3, 1, 1, {3, 3, 3, 3}},      {2, 32, 8, 8, 16, 4, 4, 3, 1, {2, 2, 1, 1}},
    {1, 130, 5, 70, 129, 3, 1, 1, 1, {1, 0, 1, 0}},
};

class TrainConv : public GroupTest, public ::testing::WithParamInterface<bool> {};

// Numbers whose sums are exact in float32, so the order of a sum does not matter.
TEST_P(TrainConv, InputGradientIsExactForExactSums) {
    for (const Geometry &g : kGeometries) {
        for (const bool parallel : {false, true}) {
            SCOPED_TRACE(fmt::format("{}, parallel {}", g.text(), parallel));
            graph = {};
            const ValueId dy = images("dy", exact(g.result()));
            ValueId w = 0;
            if (GetParam()) {
                w = codes("w", g.kernel(), Layout::OutputPanels);
            } else {
                w = parameter("w", exact(g.kernel(), 8));
                graph.value(w).layout = Layout::OutputPanels;
            }
            Attributes attributes = g.attributes();
            attributes["image"] = Shape{g.h, g.w};
            const ValueId dx = graph.add_one("conv2d_input_gradient", "dx", {dy, w}, attributes);
            graph.value(dx).layout = Layout::ChannelsLast;
            graph.outputs = {dx};
            fuse(2);
            run(parallel);
            expect_within(found(dx), expected(dx), [](size_t) { return 0; });
        }
    }
}

TEST_P(TrainConv, WeightGradientIsExactForExactSums) {
    for (const Geometry &g : kGeometries) {
        for (const double pad_value : {0.0, 1.0, -1.0}) {
            SCOPED_TRACE(fmt::format("{} of {}", g.text(), pad_value));
            graph = {};
            const ValueId dy = images("dy", exact(g.result()));
            const ValueId x =
                GetParam() ? codes("x", g.image(), Layout::PackedWords) : images("x", exact(g.image(), 8));
            Attributes attributes = g.attributes();
            attributes["kernel"] = Shape{g.kernel_h, g.kernel_w};
            attributes["pad_value"] = pad_value;
            const ValueId dw = graph.add_one("conv2d_weight_gradient", "dw", {dy, x}, attributes);
            graph.value(dw).layout = Layout::ChannelsLast;
            graph.outputs = {dw};
            fuse(2);
            run(pad_value != 0);
            expect_within(found(dw), expected(dw), [](size_t) { return 0; });
        }
    }
}

INSTANTIATE_TEST_SUITE_P(Operands, TrainConv, ::testing::Bool(),
                         [](const auto &of) { return of.param ? "signs" : "floats"; });

}  // namespace

}  // namespace quantide
