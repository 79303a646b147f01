#include "compiler/lower/arithmetic.h"
#include "compiler/lower/group_lowering.h"
#include "compiler/ops/rules.h"

#include <fmt/ranges.h>

namespace quantide {

namespace {

std::string describe(const Value &value) {
    return fmt::format("{}{}({}, {}, {} {}) {}", to_string(value.type), to_string(value.shape),
                       fmt::join(value.encoding.scales, " "), value.encoding.offset, value.encoding.powers,
                       value.encoding.greatest, to_string(value.layout));
}

std::string describe(const Attribute &attribute) {
    return std::visit([](const auto &x) { return fmt::format("{}", x); }, attribute);
}

}  // namespace

std::string group_signature(const Graph &graph, int group, const LowerOptions &options) {
    std::map<ValueId, size_t> numbers;
    std::string text =
        fmt::format("{} batch {}{}{}\n", options.level->name, options.batch.value_or(kBatch),
                    options.parallel ? " parallel" : "", options.strict_float ? " strict" : "");
    const auto refer = [&](ValueId id) { return numbers.try_emplace(id, numbers.size()).first->second; };
    const GroupOperands outside = group_operands(graph, group);
    for (ValueId id : outside.inputs) {
        text += fmt::format("in %{} {}\n", refer(id), describe(graph.value(id)));
    }
    for (const Node &node : graph.nodes) {
        if (node.group != group) {
            continue;
        }
        text += node.op;
        for (ValueId id : node.inputs) {
            text += fmt::format(" %{}", refer(id));
        }
        for (const auto &[key, attribute] : node.attributes) {
            text += fmt::format(" {}={}", key, describe(attribute));
        }
        if (is_integer_product(node)) {
            text += fmt::format(" by {}", to_string(choose_arithmetic(graph, node, options)));
        }
        for (ValueId id : node.outputs) {
            text += fmt::format(" -> %{} {}", refer(id), describe(graph.value(id)));
        }
        text += "\n";
    }
    for (ValueId id : outside.outputs) {
        text += fmt::format("out %{}\n", refer(id));
    }
    return text;
}

}  // namespace quantide
