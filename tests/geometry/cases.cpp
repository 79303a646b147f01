#include "tests/geometry/cases.h"

#include <fmt/format.h>

#include <span>

namespace quantide {

namespace {

const Precisions kPrecisions[] = {
    {"w1a1 to signs", false, sign(), sign(), sign()},
    {"w1a1 to floats", false, sign(), sign(), {}},
    {"w1a8 to signs", true, {}, sign(), sign()},
    {"w1a8 to floats", true, {}, sign(), {}},
    {"float32", false, {}, {}, {}},
    {"float32 by signs", false, {}, sign(), {}},
    {"w2a3 to 2 bits", false, symmetric(3), symmetric(2), symmetric(2)},
    {"ternary by 2 bits to floats", false, unsigned_uniform(2), ternary(), {}},
    {"w8a8 to 8 bits", true, {}, symmetric(8), unsigned_uniform(8)},
    {"w8a5 to 2 bits", false, symmetric(5), symmetric(8), unsigned_uniform(2)},
};
const Padding kPaddings[] = {valid(), same(), pad(1, 0, 2, 1), pad(2, 1, 0, 1, 1), pad(1, -1)};
enum Groups { kOne, kTwo, kDepthwise };
// Those around multiples of a word of 32, also in a group of two.
const int64_t kChannels[] = {1, 3, 31, 32, 33, 64, 66, 130};
const int64_t kHeights[] = {1, 3, 6, 9}, kWidths[] = {2, 5, 8, 19};

/** In the order in which complete() chooses them. */
enum Axis : uint8_t {
    kArithmetic,
    kPadding,
    kPool,
    kGroups,
    kInputs,
    kOutputs,
    kKernelHeight,
    kDilationHeight,
    kStrideHeight,
    kHeight,
    kKernelWidth,
    kDilationWidth,
    kStrideWidth,
    kWidth,
    kBatchSize,
    kAxisCount
};

/** Rows or columns of the result; 0 where the window is larger than the padded image. */
int64_t outputs(const Padding &padding, int64_t before, int64_t after, int64_t extent, int64_t kernel,
                int64_t dilation, int64_t stride) {
    if (padding.same) {
        return (extent + stride - 1) / stride;
    }
    const int64_t free = extent + before + after - ((kernel - 1) * dilation + 1);
    return free < 0 ? 0 : free / stride + 1;
}

bool fits(const Choice &choice, bool vertical) {
    const auto at = [&](Axis axis) { return choice[static_cast<size_t>(axis + (vertical ? 0 : 4))]; };
    if (choice[kPadding] == kOpen || choice[kPool] == kOpen || at(kKernelHeight) == kOpen ||
        at(kDilationHeight) == kOpen || at(kStrideHeight) == kOpen || at(kHeight) == kOpen) {
        return true;
    }
    const Padding &padding = kPaddings[choice[kPadding]];
    const int64_t extent = (vertical ? kHeights : kWidths)[at(kHeight)];
    return outputs(padding, padding.pads[vertical ? 0 : 1], padding.pads[vertical ? 2 : 3], extent,
                   at(kKernelHeight) + 1, at(kDilationHeight) + 1,
                   at(kStrideHeight) + 1) >= (choice[kPool] == 1 ? 2 : 1);
}

bool divides(const Choice &choice) {
    const int64_t inputs = choice[kInputs] == kOpen ? 0 : kChannels[choice[kInputs]],
                  outputs = choice[kOutputs] == kOpen ? 0 : kChannels[choice[kOutputs]];
    switch (choice[kGroups]) {
        case kTwo:
            return inputs % 2 == 0 && outputs % 2 == 0;
        case kDepthwise:
            return inputs == 0 || outputs % inputs == 0;
        default:
            return true;
    }
}

/** Whether the convolution's input can have the padding's number. */
bool has_padding_number(const Choice &choice) {
    if (choice[kArithmetic] == kOpen || choice[kPadding] == kOpen) {
        return true;
    }
    return kPaddings[choice[kPadding]].value == 0 ||
           !kPrecisions[choice[kArithmetic]].inputs.quantizer.starts_with("unsigned");
}

uint32_t seed_of(const ConvCase &c) {
    return static_cast<uint32_t>(c.channels * 7 + c.conv.channels * 5 + c.height * 3 + c.width);
}

}  // namespace

const Axes &conv_axes() {
    static const Axes axes = {
        .sizes = {std::ssize(kPrecisions), std::ssize(kPaddings), 3, 3, std::ssize(kChannels),
                  std::ssize(kChannels), 5, 2, 3, std::ssize(kHeights), 5, 2, 3, std::ssize(kWidths), 3},
        .allowed = [](const Choice &choice) {
            return fits(choice, true) && fits(choice, false) && divides(choice) && has_padding_number(choice);
        }};
    return axes;
}

ConvCase make_conv_case(const Choice &choice) {
    ConvCase c{.precisions = kPrecisions[choice[kArithmetic]],
               .batch = choice[kBatchSize] + 1,
               .channels = kChannels[choice[kInputs]],
               .height = kHeights[choice[kHeight]],
               .width = kWidths[choice[kWidth]],
               .conv = {},
               .pool = choice[kPool]};
    c.conv = {.channels = kChannels[choice[kOutputs]],
              .kernel = {choice[kKernelHeight] + 1, choice[kKernelWidth] + 1},
              .stride = {choice[kStrideHeight] + 1, choice[kStrideWidth] + 1},
              .dilation = {choice[kDilationHeight] + 1, choice[kDilationWidth] + 1},
              .padding = kPaddings[choice[kPadding]],
              .groups = choice[kGroups] == kOne   ? 1
                        : choice[kGroups] == kTwo ? 2
                                                  : c.channels,
              .weights = c.precisions.weights};
    // Where bit planes and bytes would do, each in every third case, and in every third numbers of 16 bits.
    const bool both = !c.precisions.bytes && c.conv.groups == 1 && c.precisions.inputs != float32() &&
                      c.precisions.weights != float32() && c.precisions.weights != symmetric(8);
    if (both) {
        const char *const arithmetics[] = {"popcount", "bytes", "shorts"};
        c.conv.arithmetic = arithmetics[(choice[kHeight] + choice[kOutputs]) % 3];
    }
    return c;
}

Arrays draw_parameters(const Graph &network, Random &random) {
    Arrays result;
    for (const Node &node : network.nodes) {
        if (node.op != "parameter") {
            continue;
        }
        const Value &value = network.value(node.outputs[0]);
        Array &array = result[value.name] = random.floats(value.shape, -1, 1);
        for (float &number : array.floats()) {
            if (value.name.ends_with("running_var")) {
                number = number * number * 40;
            } else if (value.name.ends_with("running_mean")) {
                number *= 5;
            } else if (value.name == "batch_norm1.weight" && number > 0.9F) {
                number = 0;
            }
        }
        if (value.name.ends_with(".range")) {
            array.floats()[0] = random.real(-2, -0.25F);
            array.floats()[1] = random.real(0.5F, 2);
        }
    }
    return result;
}

std::vector<ConvCase> group_cases() {
    struct Groups {
        int64_t channels, groups, outputs;
    };
    const Groups of_words[] = {{64, 2, 128}, {128, 2, 64}, {96, 3, 96}, {192, 3, 96}};
    const Groups of_fields[] = {{32, 8, 32},  {64, 4, 64}, {128, 8, 64}, {16, 2, 64},
                                {48, 12, 48}, {40, 5, 40}, {66, 33, 66}};
    const Groups of_neither[] = {{24, 4, 36}, {8, 8, 24}, {6, 2, 64}, {200, 2, 34}, {64, 64, 64}};
    std::vector<ConvCase> result;
    const auto add = [&](std::span<const Groups> all) {
        for (const auto &[channels, groups, outputs] : all) {
            // Every third arithmetic.
            for (size_t a = result.size() / 3 % 3; a < std::size(kPrecisions); a += 3) {
                const Precisions &precisions = kPrecisions[a];
                const int64_t i = std::ssize(result);
                const bool unsigned_inputs = precisions.inputs.quantizer.starts_with("unsigned");
                const Padding padding = kPaddings[i % (std::ssize(kPaddings) - (unsigned_inputs ? 1 : 0))];
                result.push_back({.precisions = precisions,
                                  .batch = 2,
                                  .channels = channels,
                                  .height = 5,
                                  .width = 4 + i % 3,
                                  .conv = {.channels = outputs,
                                           .kernel = {3, 2 + i % 2},
                                           .stride = 1 + i % 2,
                                           .padding = padding,
                                           .groups = groups,
                                           .weights = precisions.weights}});
            }
        }
    };
    add(of_words);
    add(of_fields);
    add(of_neither);
    return result;
}

std::string ConvCase::text() const {
    const Shape &pads = conv.padding.pads;
    return fmt::format(
        "{}, batch {}, {}x{}x{} to {} channels in {} groups, kernel {}x{}, stride {}x{}, dilation {}x{}, {}, "
        "pool {}",
        precisions.name, batch, channels, height, width, conv.channels, conv.groups, conv.kernel.height,
        conv.kernel.width, conv.stride.height, conv.stride.width, conv.dilation.height, conv.dilation.width,
        conv.padding.same
            ? "same"
            : fmt::format("pad({}, {}, {}, {}, {})", pads[0], pads[1], pads[2], pads[3], conv.padding.value),
        pool);
}

Graph ConvCase::network(const std::string &name) const {
    return build(name, [&] {
        Tensor x = precisions.bytes ? quantide::input("image", {channels, height, width}, UInt(8),
                                                      {.scale = 0.125F, .offset = -1})
                                    : quantide::input("image", {channels, height, width}, Float(32));
        if (precisions.inputs != float32()) {
            x = quantize(x, precisions.inputs);
        }
        x = conv2d(x, conv);
        if (pool == 1) {
            x = max_pool(x);
        }
        x = batch_norm(x);
        if (precisions.results != float32()) {
            x = quantize(x, precisions.results);
        }
        if (pool == 2) {
            x = max_pool(x, {.kernel = 3, .stride = 2, .padding = pad(1)});
        }
        x = flatten(x);
        return precisions.results != float32() ? dense(x, {.units = 9, .weights = sign()}) : x;
    });
}

Arrays ConvCase::parameters(const Graph &network) const {
    Random random(seed_of(*this));
    return draw_parameters(network, random);
}

Array ConvCase::input() const {
    Random random(seed_of(*this) + 1);
    const Shape shape = {batch, channels, height, width};
    return precisions.bytes ? random.codes(UInt(8), shape) : random.floats(shape);
}

}  // namespace quantide
