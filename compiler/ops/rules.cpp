#include "compiler/ops/rules.h"

#include <algorithm>
#include <cmath>

namespace quantide {

const Value &input_value(const Graph &graph, const Node &node, size_t i) {
    user_check(i < node.inputs.size(), "{} '{}': expected at least {} inputs, found {}", node.op, node.name,
               i + 1, node.inputs.size());
    return graph.value(node.inputs[i]);
}

void check_inputs(const Graph &, const Node &node, size_t count) {
    user_check(node.inputs.size() == count, "{} '{}': expected {} inputs, found {}", node.op, node.name,
               count, node.inputs.size());
}

void check_float(const Graph &graph, const Node &node, size_t i, const Shape &shape) {
    const Value &value = input_value(graph, node, i);
    user_check(value.type == Float(32) && value.shape == shape,
               "{} '{}': expected '{}' to be f32{}, found {}{}", node.op, node.name, value.name,
               to_string(shape), to_string(value.type), to_string(value.shape));
}

const Value &check_matrix(const Graph &graph, const Node &node, size_t i) {
    const Value &value = input_value(graph, node, i);
    user_check(value.shape.size() == 2, "{} '{}': expected '{}' to have 2 dimensions, found {}", node.op,
               node.name, value.name, to_string(value.shape));
    return value;
}

const Value &check_features(const Graph &graph, const Node &node, size_t i) {
    const Value &value = input_value(graph, node, i);
    user_check(value.shape.size() == 2 || value.shape.size() == 4,
               "{} '{}': expected '{}' to be [N, C] or [N, C, H, W], found {}", node.op, node.name,
               value.name, to_string(value.shape));
    return value;
}

const Value &check_images(const Graph &graph, const Node &node, size_t i) {
    const Value &value = input_value(graph, node, i);
    user_check(value.shape.size() == 4, "{} '{}': expected '{}' to be images [N, C, H, W], found {}", node.op,
               node.name, value.name, to_string(value.shape));
    return value;
}

Window check_pool(const Graph &graph, const Node &node, size_t i) {
    check_images(graph, node, i);
    const Window window = Window::of(node, node.extents("kernel"));
    for (size_t side = 0; side < 4; ++side) {
        user_check(window.pads[side] < window.kernel[side % 2],
                   "{} '{}': expected padding below the window's {} pixels, found {}", node.op, node.name,
                   window.kernel[side % 2], window.pads[side]);
    }
    return window;
}

Shape kinds_of(const Value &w, const Node &node) {
    const Shape &image = node.extents("image");
    internal_check(w.shape.size() == 4 && image.size() == 2, "{} '{}': weights {} of an image {}", node.op,
                   node.name, to_string(w.shape), to_string(image));
    const Borders borders =
        Window::of(node, {w.shape[2], w.shape[3]}).borders({1, w.shape[1], image[0], image[1]});
    return {w.shape[0], borders.row_kinds(), borders.column_kinds()};
}

void check_channel_operand(const Graph &graph, const Node &node, size_t i, const Value &x, ElementType type) {
    const Value &operand = input_value(graph, node, i);
    Shape expected{x.shape[1]};
    if (node.has("borders")) {
        const Borders borders = borders_of(node);
        expected = {x.shape[1], borders.row_kinds(), borders.column_kinds()};
    }
    user_check(operand.type == type && operand.shape == expected,
               "{} '{}': expected '{}' to be {}{}, found {}{}", node.op, node.name, operand.name,
               to_string(type), to_string(expected), to_string(operand.type), to_string(operand.shape));
}

Borders borders_of(const Node &node) {
    if (!node.has("borders")) {
        return {};
    }
    const Shape &b = node.extents("borders");
    internal_check(b.size() == 4, "{} '{}': {} borders", node.op, node.name, b.size());
    return {b[0], b[1], b[2], b[3]};
}

const Value &check_loss(const Graph &graph, const Node &node) {
    check_inputs(graph, node, 2);
    const Value &scores = check_matrix(graph, node, 0);
    check_float(graph, node, 0, scores.shape);
    const Value &labels = input_value(graph, node, 1);
    user_check(labels.type == UInt(8) && labels.shape == Shape{scores.shape[0]},
               "{} '{}': expected labels of type u8[N], found {}{}", node.op, node.name,
               to_string(labels.type), to_string(labels.shape));
    return scores;
}

const Shape &check_shape(const Node &node) {
    const Shape &shape = node.extents("shape");
    user_check(!shape.empty() && std::all_of(shape.begin(), shape.end(), [](int64_t n) { return n > 0; }),
               "{} '{}': expected positive dimensions, found [{}]", node.op, node.name,
               fmt::join(shape, ", "));
    element_count(shape, 1, fmt::format("{} '{}'", node.op, node.name));
    return shape;
}

int64_t batch_extent(const Node &node) { return node.has("batch") ? node.integer("batch") : kBatch; }

Value float_value(const Node &node, Shape shape, const std::string &suffix) {
    return {.name = node.name + suffix, .shape = std::move(shape), .type = Float(32), .encoding = {}};
}

Shape features_of(const Value &value) { return {value.shape.begin() + 1, value.shape.end()}; }

void check_weights(const Node &node, const Value &w) {
    if (w.encoding.affine()) {
        user_check(
            weight_view(w.encoding).offset == 0,
            "{} '{}': expected weights whose grid is symmetric about 0 or has 0, such as sign, ternary or "
            "symmetric(4), found '{}' of {} bits with offset {}",
            node.op, node.name, w.name, w.type.bits, w.encoding.offset);
    }
}

bool is_integer_product(const Node &node) {
    return node.op == "integer_dense" || node.op == "integer_conv2d";
}

bool has_popcounts(const Value &x, const Value &w) {
    const IntegerView view = weight_view(w.encoding);
    return x.type.bits < 8 && w.type.bits < 8 && x.encoding.affine() && w.encoding.affine() &&
           view.twice_middle() == 0;
}

bool is_centered(const Node &product) { return product.has("centered") && product.integer("centered") != 0; }

int64_t largest_accumulator(const Value &x, const Value &w, int64_t depth, bool centered) {
    const auto magnitude = [](const IntegerView &view) {
        return std::max(std::abs(view.min()), std::abs(view.max()));
    };
    return (centered ? 4 : 1) * magnitude(integer_view(x.encoding)) * magnitude(weight_view(w.encoding)) *
           depth;
}

ElementType accumulator_type(const Value &x, const Value &w, int64_t depth, bool centered) {
    // A threshold may lie one above the largest accumulator.
    return Int(largest_accumulator(x, w, depth, centered) < INT32_MAX ? 32 : 64);
}

std::vector<Value> infer_per_channel(const Graph &graph, const Node &node) {
    check_inputs(graph, node, 2);
    const Value &x = check_features(graph, node, 0);
    check_float(graph, node, 0, x.shape);
    check_float(graph, node, 1, {x.shape[1]});
    return {float_value(node, x.shape)};
}

std::vector<Value> infer_elementwise(const Graph &graph, const Node &node) {
    const Value &first = input_value(graph, node, 0);
    for (size_t i = 0; i < node.inputs.size(); ++i) {
        check_float(graph, node, i, first.shape);
    }
    return {float_value(node, first.shape)};
}

std::vector<Value> infer_two_moments(const Graph &graph, const Node &node) {
    check_inputs(graph, node, 5);
    const Value &w = input_value(graph, node, 0);
    for (size_t i = 0; i < 4; ++i) {
        check_float(graph, node, i, w.shape);
    }
    check_float(graph, node, 4, {1});
    return {float_value(node, w.shape), float_value(node, w.shape, ".m"), float_value(node, w.shape, ".v")};
}

std::vector<ValueId> no_gradient(Graph &, const Node &node, std::span<const ValueId>) {
    return std::vector<ValueId>(node.inputs.size(), -1);
}

}  // namespace quantide
