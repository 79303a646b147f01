#include "compiler/ops/gradient.h"

namespace quantide {

std::optional<GradientFormat> format_of_gradient(const Node &node) {
    const auto format =
        node.has("format") ? std::optional(find_gradient_format(node.text("format"))) : std::nullopt;
    return format && format->has_codes() ? format : std::nullopt;
}

void check_gradient(const Graph &graph, const Node &node, const Shape &shape) {
    const std::optional<GradientFormat> format = format_of_gradient(node);
    if (!format) {
        check_float(graph, node, 0, shape);
        return;
    }
    const Value &codes = input_value(graph, node, 0);
    user_check(codes.type == format->type() && codes.shape == shape,
               "{} '{}': expected '{}' to be {}{}, codes of {}, found {}{}", node.op, node.name, codes.name,
               to_string(format->type()), to_string(shape), format->text(), to_string(codes.type),
               to_string(codes.shape));
    check_float(graph, node, node.inputs.size() - 1, {2});
    if (node.inputs.size() > 2) {
        const Value &operand = input_value(graph, node, 1);
        user_check(is_integer(operand.encoding),
                   "{} '{}': expected integer codes for gradients of {}, found '{}' of {}", node.op,
                   node.name, format->text(), operand.name, to_string(operand.type));
    }
}

size_t product_inputs(const Node &node) { return format_of_gradient(node) ? 3 : 2; }

}  // namespace quantide
