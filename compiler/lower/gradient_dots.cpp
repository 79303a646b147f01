#include "compiler/lower/gradient_dots.h"

#include "compiler/base/integers.h"
#include "compiler/lower/gradient_bytes.h"
#include "compiler/lower/gradient_planes.h"
#include "compiler/ops/conv.h"
#include "schedules/tiles.h"

namespace quantide {

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

const Schedule *gradient_dots(const Graph &graph, const Node &node, const Halide::Target &target) {
    const std::map<std::string, std::string> families{{"dense_input_gradient", "input_gradient"},
                                                      {"dense_weight_gradient", "weight_update"},
                                                      {"conv2d_input_gradient", "conv2d_input_gradient"},
                                                      {"conv2d_weight_gradient", "conv2d_weight_gradient"}};
    const auto found = families.find(node.op);
    const std::optional<GradientFormat> format = format_of_gradient(node);
    if (found == families.end() || (format && format->type().bits != 8)) {
        return nullptr;
    }
    const std::string family = found->second + (format ? "/bytes" : "/bfloat16");
    const Value &other = graph.value(node.inputs[1]);
    if (!has_schedule(family, target) || !is_integer(other.encoding)) {
        return nullptr;
    }
    const Schedule &row = find_schedule(family, target);
    const Shape &dy = graph.value(node.inputs[0]).shape, &out = graph.value(node.outputs[0]).shape;
    const bool of_weights = node.op.ends_with("weight_gradient"), of_images = dy.size() == 4;
    const IntegerView view = of_weights ? integer_view(other.encoding) : weight_view(other.encoding);
    if (of_weights && of_images) {
        const int64_t positions = dy[2] * dy[3];
        const bool fits = node.integer("groups") == 1 && node.extents("strides")[1] == 1 &&
                          positions >= kFewestTileRows && positions <= kMostPositionsOfBytes &&
                          are_bytes(node, other);
        return fits ? &row : nullptr;
    }
    const int64_t terms = of_weights ? dy[0] : dy[1];
    const int taps = of_images ? static_cast<int>(other.shape[2] * other.shape[3]) : 1;
    const bool are_exact = format ? ByteNumbers(view).fit() &&
                                        taps * terms * format->largest() * largest_integer(view) <= INT32_MAX
                                  : are_bfloat16(view) && (of_weights || view.offset == 0);
    if (!are_exact) {
        return nullptr;
    }
    const TileNumbers numbers = format ? TileNumbers() : planes_of_gradient(node);
    const TileSteps steps(taps, terms, numbers);
    if (of_images) {
        const std::optional<Window> window = turned_window(graph, node);
        const bool fits = window && out[2] * out[3] >= kFewestTileRows &&
                          (!row.tuning.tiles || Raster(*window, out).row_bytes(steps) <= kMostTileBytes);
        return fits ? &row : nullptr;
    }
    // Without tiles the update waits for memory, and tables of sums are no slower for signs.
    const bool fits = dy[0] >= kFewestTileRows &&
                      int64_t{32} * steps.padded_words() * 32 * numbers.weight_planes <= kMostTileBytes &&
                      (!of_weights || (is_updated_in_panels(graph, node.outputs[0]) &&
                                       (row.tuning.tiles || !is_sign(other.encoding))));
    return fits ? &row : nullptr;
}

}  // namespace quantide
