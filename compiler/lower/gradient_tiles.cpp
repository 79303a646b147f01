#include "compiler/lower/gradient_tiles.h"

#include "compiler/base/integers.h"
#include "schedules/tiles.h"

#include <numeric>

namespace quantide {

using Halide::cast;
using Halide::Expr;

bool is_updated_in_panels(const Graph &graph, ValueId gradient) {
    for (int user : graph.users(gradient)) {
        const Node &node = graph.nodes[static_cast<size_t>(user)];
        if (graph.value(node.inputs[0]).layout == Layout::OutputPanels) {
            return true;
        }
    }
    return false;
}

std::optional<Window> turned_window(const Graph &graph, const Node &node) {
    const Shape &w = graph.value(node.inputs[1]).shape;
    Window window = Window::of(node, {w[2], w[3]});
    bool is_convolution = node.integer("groups") == 1;
    for (size_t i = 0; i < 4; ++i) {
        const int64_t reach = window.dilations[i % 2] * (window.kernel[i % 2] - 1);
        is_convolution = is_convolution && window.strides[i % 2] == 1 && window.pads[i] <= reach;
        window.pads[i] = reach - window.pads[i];
    }
    return is_convolution ? std::optional(window) : std::nullopt;
}

bool has_gradient_tiles(const Graph &graph, const Node &node, const Halide::Target &target) {
    const std::map<std::string, const char *> families{
        {"dense_input_gradient", "input_gradient/tiles"},
        {"dense_weight_gradient", "weight_update/tiles"},
        {"conv2d_input_gradient", "conv2d_input_gradient/tiles"}};
    const auto family = families.find(node.op);
    if (family == families.end() || !has_schedule(family->second, target)) {
        return false;
    }
    const std::optional<GradientFormat> format = format_of_gradient(node);
    const bool of_weights = node.op == "dense_weight_gradient", of_image = node.op == "conv2d_input_gradient";
    if (!format || format->type().bits != 8 ||
        (of_weights && !is_updated_in_panels(graph, node.outputs[0]))) {
        return false;
    }
    const Shape &dy = graph.value(node.inputs[0]).shape;
    const Value &other = graph.value(node.inputs[1]);
    const IntegerView view = of_weights ? integer_view(other.encoding) : weight_view(other.encoding);
    const int taps = of_image ? static_cast<int>(other.shape[2] * other.shape[3]) : 1;
    const int64_t terms = of_weights ? dy[0] : dy[1];
    const TileSteps steps(taps, static_cast<int>(divide_up(terms, 32)));
    if (!ByteNumbers(view).fit() || taps * terms * format->largest() * largest_integer(view) > INT32_MAX) {
        return false;
    }
    if (!of_image) {
        return dy[0] >= kFewestTileRows && int64_t{32} * steps.padded_words() * 32 <= kMostTileBytes;
    }
    const std::optional<Window> window = turned_window(graph, node);
    const Shape &dx = graph.value(node.outputs[0]).shape;
    return window && dx[2] * dx[3] >= kFewestTileRows &&
           Raster(*window, dx).row_bytes(steps.padded_words()) <= kMostTileBytes;
}

bool ByteNumbers::fit() const {
    return std::accumulate(view.multipliers.begin(), view.multipliers.end(), 0) <= UINT8_MAX * multiplier();
}

// A code whose planes double is its number.
Expr ByteNumbers::operator()(const Expr &code) const {
    bool doubles = true;
    Expr sum;
    for (size_t p = 0; p < view.multipliers.size(); ++p) {
        const int units = view.multipliers[p] / multiplier();
        doubles = doubles && units == 1 << p;
        const Expr bit = cast<uint32_t>(code >> cast(code.type(), static_cast<int>(p))) & 1;
        sum = p == 0 ? bit : sum + bit * cast<uint32_t>(units);
    }
    return doubles ? cast<uint32_t>(code) : sum;
}

Expr byte_of(const Expr &code) { return cast<uint32_t>(cast<uint8_t>(code)); }

Expr four_bytes(const std::function<Expr(const Expr &step)> &byte, const Expr &bit, const Expr &word,
                bool is_signed) {
    const Expr step = 32 * word + 4 * bit;
    Expr four = byte(step);
    for (int i = 1; i < 4; ++i) {
        four = four | (byte(step + i) << (8 * i));
    }
    return is_signed ? cast<int32_t>(four) : four;
}

// Sums that leave 32 bits on the way come back.
Expr corrected(const ByteNumbers &numbers, const GradientOperand &dy, const Expr &dots,
               const Expr &sum_of_gradients, const Expr &sum_of_numbers) {
    Expr sum = cast<uint32_t>(dots);
    if (dy.has_zero()) {
        sum -= cast<uint32_t>(dy.zero) * cast<uint32_t>(sum_of_numbers);
    }
    sum *= cast<uint32_t>(numbers.multiplier());
    if (numbers.addend() != 0) {
        sum += cast<uint32_t>(Expr(numbers.addend())) * cast<uint32_t>(sum_of_gradients);
    }
    return cast<int32_t>(sum);
}

}  // namespace quantide
