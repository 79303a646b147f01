#include "compiler/lower/gradient_dots.h"

#include "compiler/base/integers.h"
#include "compiler/lower/gradient_bytes.h"
#include "compiler/lower/gradient_planes.h"
#include "compiler/lower/signed_sums.h"
#include "compiler/ops/conv.h"
#include "schedules/tiles.h"

namespace quantide {

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

/** A product of backward and the row of a schedule that might compute it. */
struct Candidate {
    const Graph &graph;
    const Node &node;
    const Schedule &row;
    const Value &other = graph.value(node.inputs[1]);
    const Shape &dy = graph.value(node.inputs[0]).shape, &out = graph.value(node.outputs[0]).shape;
    const std::optional<GradientFormat> format = format_of_gradient(node);
    const bool of_weights = node.op.ends_with("weight_gradient");
    const IntegerView view = of_weights ? integer_view(other.encoding) : weight_view(other.encoding);
    const TileNumbers numbers = format ? TileNumbers() : planes_of_gradient(node);

    /** Whether sums of so many products fit in 32 bits, where they are exact. */
    bool fit(int64_t terms) const {
        return !format || terms * format->largest() * largest_integer(view) <= INT32_MAX;
    }
};

bool takes_conv_weights(const Candidate &of) {
    const Node &node = of.node;
    const int64_t positions = of.dy[2] * of.dy[3];
    if (node.integer("groups") != 1 || node.extents("strides")[1] != 1 || positions < kFewestTileRows ||
        (of.format && !are_bytes(node, of.other))) {
        return false;
    }
    if (!of.row.tuning.tiles) {
        return positions <= kMostPositionsOfBytes;
    }
    // Halide's buffers have at most 2^31 bytes: an image with its padding, twice as large, is far below.
    const int64_t elements = of.dy[0] * round_up(of.out[1], 32) * of.other.shape[2] * of.other.shape[3];
    return node.extents("strides")[0] == 1 && of.out[1] >= kFewestTileRows && elements <= INT32_MAX / 8 &&
           of.fit(of.dy[0] * of.dy[2] * round_up(of.dy[3], kTermsPerTable));
}

bool takes_conv_input(const Candidate &of) {
    const std::optional<Window> window = turned_window(of.graph, of.node);
    const int64_t taps = of.other.shape[2] * of.other.shape[3];
    if (!window || of.out[2] * of.out[3] < kFewestTileRows || !of.fit(taps * of.dy[1])) {
        return false;
    }
    const TileSteps steps(static_cast<int>(taps), of.dy[1], of.numbers);
    return !of.row.tuning.tiles || Raster(*window, of.out).row_bytes(steps) <= kMostTileBytes;
}

bool takes_dense(const Candidate &of) {
    const int64_t terms = of.of_weights ? of.dy[0] : of.dy[1];
    const TileSteps steps(1, terms, of.numbers);
    // A tile's rows, or a panel of weights, lie on the stack; planes of rows do not.
    const int64_t bytes = int64_t{32} * steps.padded_words() * 32 * of.numbers.weight_planes;
    if (of.dy[0] < kFewestTileRows || !of.fit(terms) ||
        (bytes > kMostTileBytes && (of.format || of.of_weights))) {
        return false;
    }
    // Without tiles the update waits for memory, and tables of sums are no slower for signs.
    return !of.of_weights || (is_updated_in_panels(of.graph, of.node.outputs[0]) &&
                              (of.row.tuning.tiles || !is_sign(of.other.encoding)));
}

bool takes(const Candidate &of) {
    const bool of_images = of.dy.size() == 4;
    if (!of.format && (!are_bfloat16(of.view) || (!of.of_weights && of.view.offset != 0))) {
        return false;
    }
    if (of_images && of.of_weights) {
        return takes_conv_weights(of);
    }
    if (of.format && !ByteNumbers(of.view).fit()) {
        return false;
    }
    return of_images ? takes_conv_input(of) : takes_dense(of);
}

}  // namespace

Expr lane_of(int count, const NumberOfStep &number, const Expr &first) {
    Expr lane = number(first);
    for (int i = 1; i < count; ++i) {
        lane = lane | (number(first + i) << (32 / count * i));
    }
    return lane;
}

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
    using Kinds = std::vector<const char *>;
    for (const char *kind : format ? Kinds{"/tiles", "/bytes"} : Kinds{"/bfloat16"}) {
        const std::string name = family->second + kind;
        if (has_schedule(name, target) && takes({graph, node, find_schedule(name, target)})) {
            return &find_schedule(name, target);
        }
    }
    return nullptr;
}

}  // namespace quantide
