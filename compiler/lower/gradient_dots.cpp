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

/** Whether the row's schedule takes a product, whose sums are exact if it is of integers. */
bool takes(const Schedule &row, const Graph &graph, const Node &node) {
    const std::optional<GradientFormat> format = format_of_gradient(node);
    const Shape &dy = graph.value(node.inputs[0]).shape, &out = graph.value(node.outputs[0]).shape;
    const Value &other = graph.value(node.inputs[1]);
    const bool of_weights = node.op.ends_with("weight_gradient"), of_images = dy.size() == 4;
    const IntegerView view = of_weights ? integer_view(other.encoding) : weight_view(other.encoding);
    if (!format && (!are_bfloat16(view) || (!of_weights && view.offset != 0))) {
        return false;
    }
    if (of_weights && of_images) {
        const int64_t positions = dy[2] * dy[3];
        const Shape &strides = node.extents("strides");
        const auto are_exact = [&](int64_t terms) {
            return !format || terms * format->largest() * largest_integer(view) <= INT32_MAX;
        };
        // Tiles add up all images, other schedules those of a block.
        return node.integer("groups") == 1 && strides[1] == 1 && positions >= kFewestTileRows &&
               (!row.tuning.tiles || (strides[0] == 1 && out[1] >= kFewestTileRows &&
                                      are_exact(dy[0] * dy[2] * round_up(dy[3], 4)))) &&
               (!format || (positions <= kMostPositionsOfBytes && are_bytes(node, other)));
    }
    const int64_t terms = of_weights ? dy[0] : dy[1];
    const int taps = of_images ? static_cast<int>(other.shape[2] * other.shape[3]) : 1;
    if (format &&
        (!ByteNumbers(view).fit() || taps * terms * format->largest() * largest_integer(view) > INT32_MAX)) {
        return false;
    }
    const TileSteps steps(taps, terms, format ? TileNumbers() : planes_of_gradient(node));
    if (of_images) {
        const std::optional<Window> window = turned_window(graph, node);
        return window && out[2] * out[3] >= kFewestTileRows &&
               (!row.tuning.tiles || Raster(*window, out).row_bytes(steps) <= kMostTileBytes);
    }
    // A tile's rows, or a panel of weights, lie on the stack; planes of rows do not.
    const int64_t bytes = int64_t{32} * steps.padded_words() * 32 * steps.numbers.weight_planes;
    // Without tiles the update waits for memory, and tables of sums are no slower for signs.
    return dy[0] >= kFewestTileRows && (bytes <= kMostTileBytes || !(steps.numbers.bytes || of_weights)) &&
           (!of_weights ||
            (is_updated_in_panels(graph, node.outputs[0]) && (row.tuning.tiles || !is_sign(other.encoding))));
}

}  // namespace

const Schedule *gradient_dots(const Graph &graph, const Node &node, const Halide::Target &target) {
    const std::map<std::string, std::string> families{{"dense_input_gradient", "input_gradient"},
                                                      {"dense_weight_gradient", "weight_update"},
                                                      {"conv2d_input_gradient", "conv2d_input_gradient"},
                                                      {"conv2d_weight_gradient", "conv2d_weight_gradient"}};
    const auto family = families.find(node.op);
    const std::optional<GradientFormat> format = format_of_gradient(node);
    if (family == families.end() || (format && format->type().bits != 8) ||
        !is_integer(graph.value(node.inputs[1]).encoding)) {
        return nullptr;
    }
    for (const char *kind : {format ? "/tiles" : "/bfloat16", "/bytes"}) {
        const std::string name = family->second + kind;
        const Schedule *row = has_schedule(name, target) ? &find_schedule(name, target) : nullptr;
        if (row != nullptr && (format || row->tuning.tiles) && takes(*row, graph, node)) {
            return row;
        }
    }
    return nullptr;
}

}  // namespace quantide
