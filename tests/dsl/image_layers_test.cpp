#include "dsl/dsl.h"
#include "tests/base/expect_error.h"

#include <gtest/gtest.h>

#include <cmath>

namespace quantide {

namespace {

Tensor scores(const Tensor &x) { return dense(flatten(x), {.units = 2}); }

/** The shape that `layer` gives for images [N, 4, 7, 6] of signs. */
Shape shape_of(const std::function<Tensor(const Tensor &)> &layer) {
    Shape shape;
    build("net", [&] {
        const Tensor x = layer(quantize(input("image", {4, 7, 6}, Float(32)), sign()));
        shape = x.shape();
        return x.shape().size() == 4 && x.graph().value(x.id()).type == Float(32)
                   ? scores(x)
                   : dense(flatten(x), {.units = 2});
    });
    return shape;
}

void expect_refused(const std::function<Tensor(const Tensor &)> &layer,
                    std::initializer_list<std::string> fragments) {
    expect_error([&] { shape_of(layer); }, fragments);
}

TEST(Conv2d, HasTheExtentsOfPyTorch) {
    const auto conv = [](const Conv2dOptions &options) {
        return shape_of([&](const Tensor &x) { return conv2d(x, options); });
    };
    EXPECT_EQ(conv({.channels = 5}), (Shape{kBatch, 5, 5, 4}));
    EXPECT_EQ(conv({.channels = 5, .padding = same()}), (Shape{kBatch, 5, 7, 6}));
    EXPECT_EQ(conv({.channels = 5, .stride = 2, .padding = same()}), (Shape{kBatch, 5, 4, 3}));
    EXPECT_EQ(conv({.channels = 5, .kernel = {1, 3}, .stride = {2, 1}}), (Shape{kBatch, 5, 4, 4}));
    EXPECT_EQ(conv({.channels = 5, .dilation = 2, .padding = pad(1)}), (Shape{kBatch, 5, 5, 4}));
    EXPECT_EQ(conv({.channels = 8, .padding = pad(0, 1, 2, 3), .groups = 4}), (Shape{kBatch, 8, 7, 8}));
}

TEST(Conv2d, RefusesWhatIsNoConvolution) {
    const auto refuse = [](const Conv2dOptions &options, std::initializer_list<std::string> fragments) {
        expect_refused([&](const Tensor &x) { return conv2d(x, options); }, fragments);
    };
    refuse({}, {"conv2d 'conv2d1'", "at least 1 channel", "found 0"});
    refuse({.channels = 5, .kernel = 9}, {"conv2d 'conv2d1'", "at most 7 rows", "found 9"});
    refuse({.channels = 5, .kernel = {3, 7}}, {"conv2d 'conv2d1'", "at most 6 columns", "found 7"});
    refuse({.channels = 5, .dilation = 4}, {"conv2d 'conv2d1'", "at most 7 rows", "found 9"});
    refuse({.channels = 5, .kernel = 0}, {"conv2d 'conv2d1'", "positive extents", "0x0"});
    refuse({.channels = 5, .stride = 0}, {"conv2d 'conv2d1'", "strides", "found [0, 0]"});
    refuse({.channels = 5, .padding = pad(-1)}, {"conv2d 'conv2d1'", "pads", "found [-1, -1, -1, -1]"});
    refuse({.channels = 6, .groups = 4}, {"conv2d 'conv2d1'", "groups that divide 4", "6", "found 4"});
    refuse({.channels = 6, .groups = 0}, {"conv2d 'conv2d1'", "groups that divide"});
    refuse({.channels = 5, .padding = same(0.5), .weights = sign()},
           {"conv2d 'conv2d1'", "pad value", "quantize1", "0.5"});
    refuse({.channels = 5, .kernel = {3, -1}}, {"conv2d 'conv2d1'", "positive extents", "3x-1"});
    refuse({.channels = 5, .stride = -1}, {"conv2d 'conv2d1'", "strides", "found [-1, -1]"});
    refuse({.channels = 5, .stride = -1, .padding = same()}, {"conv2d 'conv2d1'", "strides"});
    refuse({.channels = 5, .dilation = 0}, {"conv2d 'conv2d1'", "dilations", "found [0, 0]"});
    refuse({.channels = 5, .padding = pad(int64_t{1} << 40)}, {"conv2d 'conv2d1'", "pads"});
    refuse({.channels = 6, .groups = 8}, {"conv2d 'conv2d1'", "groups that divide 4", "found 8"});
    refuse({.channels = 6, .groups = -2}, {"conv2d 'conv2d1'", "groups that divide", "found -2"});
    refuse({.channels = -1}, {"conv2d 'conv2d1'", "at least 1 channel", "found -1"});
    for (const double bad : {std::nan(""), -HUGE_VAL}) {
        expect_refused(
            [&](const Tensor &x) {
                return conv2d(conv2d(x, {.channels = 2}), {.channels = 2, .padding = pad(1, bad)});
            },
            {"conv2d 'conv2d2'", "finite pad value", fmt::format("found {}", bad)});
    }
    expect_refused([](const Tensor &x) { return conv2d(flatten(x), {.channels = 1}); },
                   {"conv2d 'conv2d1'", "[N, C, H, W]", "[N, 168]"});
}

TEST(Pool, RefusesWindowsThatDoNotFit) {
    expect_refused([](const Tensor &x) { return max_pool(x, {.kernel = 8}); },
                   {"max_pool 'max_pool1'", "at most 7 rows", "found 8"});
    expect_refused([](const Tensor &x) { return max_pool(x, {.kernel = 2, .padding = pad(2)}); },
                   {"max_pool 'max_pool1'", "padding below", "found 2"});
    expect_refused([](const Tensor &x) { return avg_pool(x); }, {"avg_pool 'avg_pool1'", "f32"});
    expect_refused([](const Tensor &x) { return max_pool(x, {.kernel = 0, .stride = 1}); },
                   {"max_pool 'max_pool1'", "kernel", "found [0, 0]"});
    expect_refused([](const Tensor &x) { return max_pool(x, {.kernel = -2, .padding = same()}); },
                   {"max_pool 'max_pool1'", "kernel", "found [-2, -2]"});
    expect_refused([](const Tensor &x) { return max_pool(x, {.kernel = 2, .stride = -1}); },
                   {"max_pool 'max_pool1'", "strides", "found [-1, -1]"});
    expect_refused([](const Tensor &x) { return max_pool(flatten(x)); },
                   {"max_pool 'max_pool1'", "[N, C, H, W]", "[N, 168]"});
    expect_refused([](const Tensor &x) { return global_max_pool(flatten(x)); },
                   {"global_max_pool1", "[N, C, H, W]", "[N, 168]"});
    EXPECT_EQ(shape_of([](const Tensor &x) { return max_pool(x, {.kernel = 3, .stride = 2}); }),
              (Shape{kBatch, 4, 3, 2}));
}

TEST(Concat, RefusesWhatDoesNotLieBesideEachOther) {
    expect_refused(
        [](const Tensor &x) {
            return concat({x, max_pool(x)});
        },
        {"concat 'concat1'", "max_pool1", "[N, 4, 3, 3]"});
    expect_refused([](const Tensor &) { return concat({}); }, {"concat", "at least one tensor"});
    EXPECT_EQ(shape_of([](const Tensor &x) { return concat({x, x, x}); }), (Shape{kBatch, 12, 7, 6}));
}

}  // namespace

}  // namespace quantide
