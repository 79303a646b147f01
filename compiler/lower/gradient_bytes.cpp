#include "compiler/lower/gradient_bytes.h"

#include "compiler/base/integers.h"
#include "compiler/ops/conv.h"
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

int padding_integer(const Node &node, const Value &input) {
    const double pad = node.real("pad_value");
    return pad == 0 ? 0 : static_cast<int>(integer_view(input.encoding)(code_of(input, pad).value()));
}

namespace {

/** Positions whose products of bytes add up in 32 bits. */
constexpr int64_t kMostPositionsOfBytes = INT32_MAX / (128 * 255);

/** Whether an image's integers, with those of its padding, count at most 255 steps from the least on. */
bool are_bytes(const Node &node, const Value &image) {
    const IntegerView view = integer_view(image.encoding);
    const int64_t pad = padding_integer(node, image);
    return std::max<int64_t>(view.max(), pad) - std::min<int64_t>(view.min(), pad) <= UINT8_MAX;
}

}  // namespace

const Schedule *gradient_bytes(const Graph &graph, const Node &node, const Halide::Target &target) {
    const std::map<std::string, const char *> families{
        {"dense_input_gradient", "input_gradient/bytes"},
        {"dense_weight_gradient", "weight_update/bytes"},
        {"conv2d_input_gradient", "conv2d_input_gradient/bytes"},
        {"conv2d_weight_gradient", "conv2d_weight_gradient/bytes"}};
    const auto family = families.find(node.op);
    const std::optional<GradientFormat> format = format_of_gradient(node);
    if (family == families.end() || !has_schedule(family->second, target) || !format ||
        format->type().bits != 8) {
        return nullptr;
    }
    const Schedule &row = find_schedule(family->second, target);
    const Shape &dy = graph.value(node.inputs[0]).shape, &out = graph.value(node.outputs[0]).shape;
    const Value &other = graph.value(node.inputs[1]);
    const bool of_weights = node.op.ends_with("weight_gradient"), of_images = dy.size() == 4;
    const IntegerView view = of_weights ? integer_view(other.encoding) : weight_view(other.encoding);
    const auto are_exact = [&](int64_t terms) {
        return terms * format->largest() * largest_integer(view) <= INT32_MAX;
    };
    if (of_weights && of_images) {
        const int64_t positions = dy[2] * dy[3];
        const bool fits = node.integer("groups") == 1 && node.extents("strides")[1] == 1 &&
                          positions >= kFewestTileRows && positions <= kMostPositionsOfBytes &&
                          are_bytes(node, other);
        return fits ? &row : nullptr;
    }
    const int64_t terms = of_weights ? dy[0] : dy[1];
    const int taps = of_images ? static_cast<int>(other.shape[2] * other.shape[3]) : 1;
    const int words = TileSteps(taps, static_cast<int>(divide_up(terms, 32))).padded_words();
    if (!ByteNumbers(view).fit() || !are_exact(taps * terms)) {
        return nullptr;
    }
    if (of_images) {
        const std::optional<Window> window = turned_window(graph, node);
        const bool fits = window && out[2] * out[3] >= kFewestTileRows &&
                          (!row.tuning.tiles || Raster(*window, out).row_bytes(words) <= kMostTileBytes);
        return fits ? &row : nullptr;
    }
    // Without tiles the update waits for memory, and tables of sums are no slower for signs.
    const bool fits = dy[0] >= kFewestTileRows && int64_t{32} * words * 32 <= kMostTileBytes &&
                      (!of_weights || (is_updated_in_panels(graph, node.outputs[0]) &&
                                       (row.tuning.tiles || !is_sign(other.encoding))));
    return fits ? &row : nullptr;
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

GradientBytes::GradientBytes(const GradientOperand &of)
    : has_zero(of.has_zero()), zero(has_zero ? of.zero - 128 : of.zero) {}

Expr GradientBytes::operator()(const Expr &code) const {
    const Expr byte = cast<uint8_t>(code);
    return cast<uint32_t>(has_zero ? byte ^ cast<uint8_t>(128) : byte);
}

ByteProduct product_of(const ByteNumbers &numbers) {
    return {.width = 8,
            .x_planes = 8,
            .w_planes = 1,
            .x_doubles = true,
            .w_doubles = true,
            .digit_planes = 8,
            .addend = numbers.addend()};
}

Expr four_bytes(const std::function<Expr(const Expr &step)> &byte, const Expr &first) {
    Expr four = byte(first);
    for (int i = 1; i < 4; ++i) {
        four = four | (byte(first + i) << (8 * i));
    }
    return four;
}

// Sums that leave 32 bits on the way come back.
Expr corrected(const ByteNumbers &numbers, const GradientBytes &dy, const Expr &dots,
               const Expr &sum_of_gradients, const Expr &sum_of_numbers) {
    Expr sum = cast<uint32_t>(dots);
    if (dy.has_zero) {
        sum -= cast<uint32_t>(dy.zero) * cast<uint32_t>(sum_of_numbers);
    }
    sum *= cast<uint32_t>(numbers.multiplier());
    if (numbers.addend() != 0) {
        sum += cast<uint32_t>(Expr(numbers.addend())) * cast<uint32_t>(sum_of_gradients);
    }
    return cast<int32_t>(sum);
}

}  // namespace quantide
