#include "compiler/ops/rules.h"

#include <algorithm>

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

std::vector<Value> infer_elementwise(const Graph &graph, const Node &node) {
    const Value &first = input_value(graph, node, 0);
    for (size_t i = 0; i < node.inputs.size(); ++i) {
        check_float(graph, node, i, first.shape);
    }
    return {float_value(node, first.shape)};
}

std::vector<ValueId> no_gradient(Graph &, const Node &node, std::span<const ValueId>) {
    return std::vector<ValueId>(node.inputs.size(), -1);
}

}  // namespace quantide
