#include "compiler/lower/window.h"

namespace quantide {

using Halide::Expr;
using Halide::Func;
using Halide::RDom;
using Halide::Var;

namespace {

/** A larger image is padded row by row: this lies on the stack. */
constexpr int64_t kMostPaddedBytes = 1 << 16;
/** Likewise of codes as fields of lanes. */
constexpr int64_t kMostImageFields = 320 << 10;

/** Makes `image`, of (channel, x, y, ...), the stage "padded": `channels` wide, `elements` a position. */
void stage_image(GroupLowering &group, Func image, int64_t channels, int64_t elements, const Shape &shape,
                 const Window &window) {
    const int height = static_cast<int>(shape[2] + window.pads[0] + window.pads[2]);
    const int width = static_cast<int>(shape[3] + window.pads[1] + window.pads[3]);
    const std::vector<Var> args = image.args();
    image.bound(args[0], 0, static_cast<int>(channels))
        .bound(args[1], static_cast<int>(-window.pads[1]), width);
    group.kernel.pads_image = elements * image.type().bytes() * height * width <= kMostPaddedBytes;
    if (group.kernel.pads_image) {
        image.bound(args[2], static_cast<int>(-window.pads[0]), height);
    }
    group.stage("padded", image);
}

}  // namespace

Expr input_of(const Window &window, int axis, const Expr &i, const Expr &tap) {
    const auto a = static_cast<size_t>(axis);
    return i * static_cast<int>(window.strides[a]) + tap * static_cast<int>(window.dilations[a]) -
           static_cast<int>(window.pads[a]);
}

OutputOf output_of(const Window &window, int axis, const Expr &i, const Expr &tap, int64_t outputs) {
    const auto a = static_cast<size_t>(axis);
    const int stride = static_cast<int>(window.strides[a]), last = static_cast<int>(outputs) - 1;
    const Expr start = i + static_cast<int>(window.pads[a]) - tap * static_cast<int>(window.dilations[a]);
    const Expr index = start / stride;
    return {Halide::clamp(index, 0, last), start >= 0 && start % stride == 0 && index <= last};
}

RDom all_rows(const Shape &shape) {
    std::vector<Halide::Range> ranges;
    for (size_t i = shape.size(); i-- > 0;) {
        if (i != 1) {
            ranges.emplace_back(0, static_cast<int>(shape[i]));
        }
    }
    return RDom(ranges, "row");
}

std::vector<Expr> at_row(const Expr &channel, const RDom &rows) {
    std::vector<Expr> at{channel};
    for (int i = 0; i < rows.dimensions(); ++i) {
        at.emplace_back(rows[i]);
    }
    return at;
}

Func with_padding(const Func &f, const Shape &shape, const Window &window, const Func &outside) {
    if (!window.has_padding()) {
        return f;
    }
    const int height = static_cast<int>(shape[2]), width = static_cast<int>(shape[3]);
    const std::vector<Var> vars = f.args();
    const Expr x = vars[1], y = vars[2];
    const Expr inside = x >= 0 && x < width && y >= 0 && y < height;
    Func padded("padded");
    padded(vars) = Halide::select(
        inside, f(vars[0], Halide::clamp(x, 0, width - 1), Halide::clamp(y, 0, height - 1), vars[3]),
        outside(vars[0]));
    return padded;
}

void stage_padding(GroupLowering &group, Func padded, int64_t channels, const Shape &shape,
                   const Window &window) {
    if (window.has_padding()) {
        stage_image(group, padded, channels, channels, shape, window);
    }
}

void stage_fields(GroupLowering &group, Func image, int width, int words, const Shape &shape,
                  const Window &window) {
    const int height = static_cast<int>(shape[2] + window.pads[0] + window.pads[2]);
    const int columns = static_cast<int>(shape[3] + window.pads[1] + window.pads[3]);
    const std::vector<Var> args = image.args();
    image.bound(args[0], 0, width).bound(args[1], 0, words);
    image.bound(args[2], static_cast<int>(-window.pads[1]), columns);
    group.kernel.pads_image = int64_t{32} * words * height * columns <= kMostImageFields;
    if (group.kernel.pads_image) {
        image.bound(args[3], static_cast<int>(-window.pads[0]), height);
    }
    group.stage("image", image);
}

Func gather_groups(GroupLowering &group, const Func &image, int channels, int outputs, int64_t all_outputs,
                   const Shape &shape, const Window &window) {
    const Var lane("lane"), x("x"), y("y"), n("n"), channel("channel"), panel("panel");
    const Expr output = Halide::min(Halide::likely(32 * panel + lane), static_cast<int>(all_outputs) - 1);
    Func gathered("gathered");
    gathered(lane, x, y, n, channel, panel) = image(output / outputs * channels + channel, x, y, n);
    gathered.bound(channel, 0, channels);
    stage_image(group, gathered, 32, 32 * int64_t{channels}, shape, window);
    return gathered;
}

std::vector<Expr> channel_operand(const Node &node, const Value &x, const std::vector<Var> &args) {
    if (!node.has("borders")) {
        return {args[0]};
    }
    const Borders borders = borders_of(node);
    const auto kind = [](const Expr &i, int64_t first, int64_t last) {
        return Halide::min(i, static_cast<int>(first)) + Halide::max(i - static_cast<int>(last), 0);
    };
    return {args[0], kind(args[1], borders.left, x.shape[3] - 1 - borders.right),
            kind(args[2], borders.top, x.shape[2] - 1 - borders.bottom)};
}

}  // namespace quantide
