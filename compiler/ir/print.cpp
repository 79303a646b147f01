#include "compiler/ir/graph.h"

namespace quantide {

namespace {

std::string quoted(const std::string &text) {
    std::string result = "\"";
    for (char c : text) {
        if (c == '"' || c == '\\') {
            result += '\\';
        }
        result += c;
    }
    return result + "\"";
}

std::string print_attribute(const Attribute &attribute) {
    if (const auto *integer = std::get_if<int64_t>(&attribute)) {
        return std::to_string(*integer);
    }
    if (const auto *real = std::get_if<double>(&attribute)) {
        const std::string text = fmt::format("{}", *real);
        return text.find_first_of(".en") == std::string::npos ? text + ".0" : text;
    }
    if (const auto *extents = std::get_if<Shape>(&attribute)) {
        return to_string(*extents);
    }
    return quoted(std::get<std::string>(attribute));
}

std::string print_value(const Value &value) {
    std::string text = fmt::format("%{}: {}{}", value.name, to_string(value.type), to_string(value.shape));
    if (value.encoding.powers != 0) {
        text += fmt::format(" {{powers {} to 2^{}}}", value.encoding.powers, value.encoding.greatest);
    } else if (value.encoding.affine()) {
        text += " {";
        for (float scale : value.encoding.scales) {
            text += fmt::format("{} ", scale);
        }
        text += fmt::format("+ {}}}", value.encoding.offset);
    }
    if (value.layout != Layout::Logical) {
        text += fmt::format(" @{}", to_string(value.layout));
    }
    return text;
}

}  // namespace

// graph NAME {
//   %value: type[shape] {scales + offset or powers} @layout = op(%input, ...) "layer" key=value #group
//   return %value
//   update %state = %next
// }
std::string print(const Graph &graph) {
    std::string text = fmt::format("graph {} {{\n", graph.name);
    for (const Node &node : graph.nodes) {
        text += "  ";
        for (size_t i = 0; i < node.outputs.size(); ++i) {
            text += (i == 0 ? "" : ", ") + print_value(graph.value(node.outputs[i]));
        }
        text += fmt::format(" = {}(", node.op);
        for (size_t i = 0; i < node.inputs.size(); ++i) {
            text += (i == 0 ? "%" : ", %") + graph.value(node.inputs[i]).name;
        }
        text += ") " + quoted(node.name);
        for (const auto &[key, attribute] : node.attributes) {
            text += fmt::format(" {}={}", key, print_attribute(attribute));
        }
        if (node.group >= 0) {
            text += fmt::format(" #{}", node.group);
        }
        text += "\n";
    }
    for (ValueId output : graph.outputs) {
        text += fmt::format("  return %{}\n", graph.value(output).name);
    }
    for (const StateUpdate &update : graph.updates) {
        text += fmt::format("  update %{} = %{}\n", graph.value(update.state).name,
                            graph.value(update.next).name);
    }
    return text + "}\n";
}

}  // namespace quantide
