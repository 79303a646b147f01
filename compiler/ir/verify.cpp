#include "compiler/ir/graph.h"
#include "compiler/ops/op.h"

#include <set>

namespace quantide {

namespace {

void verify_value(const Graph &graph, const Value &value, const std::string &after) {
    internal_check(value.node >= 0 && value.node < static_cast<int>(graph.nodes.size()),
                   "after {}: '{}' has no producer", after, value.name);
    internal_check(value.encoding.plain() || value.encoding.planes() == value.type.bits,
                   "after {}: '{}' of type {} has an encoding of {} planes", after, value.name,
                   to_string(value.type), value.encoding.planes());
}

void verify_update(const Graph &graph, const StateUpdate &update, const std::string &after) {
    const Value &state = graph.value(update.state), &next = graph.value(update.next);
    const bool fits = state.shape == next.shape && state.type == next.type &&
                      state.encoding == next.encoding && state.layout == next.layout;
    internal_check(fits && graph.nodes[static_cast<size_t>(state.node)].op == "parameter",
                   "after {}: '{}' cannot replace '{}'", after, next.name, state.name);
}

/** The op's own rule must give the values that the graph has; layouts are the passes' business. */
void verify_rule(const Graph &graph, const Node &node, const std::string &after) {
    std::vector<Value> expected;
    try {
        expected = find_op(node.op).infer(graph, node);
    } catch (const std::exception &error) {
        throw InternalError(fmt::format("after {}: {}", after, error.what()));
    }
    internal_check(expected.size() == node.outputs.size(),
                   "after {}: {} '{}' has {} outputs, its rule gives {}", after, node.op, node.name,
                   node.outputs.size(), expected.size());
    for (size_t i = 0; i < expected.size(); ++i) {
        const Value &found = graph.value(node.outputs[i]);
        internal_check(found.shape == expected[i].shape && found.type == expected[i].type &&
                           found.encoding == expected[i].encoding,
                       "after {}: {} '{}': expected {}{}, found {}{} or another encoding", after, node.op,
                       node.name, to_string(expected[i].type), to_string(expected[i].shape),
                       to_string(found.type), to_string(found.shape));
    }
}

}  // namespace

void verify(const Graph &graph, const std::string &after) {
    std::set<std::string> names;
    for (const Value &value : graph.values) {
        internal_check(names.insert(value.name).second, "after {}: two values are named '{}'", after,
                       value.name);
        verify_value(graph, value, after);
    }
    const auto exists = [&](ValueId id) { return id >= 0 && id < static_cast<ValueId>(graph.values.size()); };
    std::set<ValueId> made;
    for (size_t i = 0; i < graph.nodes.size(); ++i) {
        const Node &node = graph.nodes[i];
        for (ValueId input : node.inputs) {
            internal_check(made.count(input) != 0, "after {}: {} '{}' reads a value that is not made yet",
                           after, node.op, node.name);
        }
        for (ValueId output : node.outputs) {
            internal_check(exists(output) && graph.value(output).node == static_cast<int>(i) &&
                               made.insert(output).second,
                           "after {}: an output of {} '{}' names another producer", after, node.op,
                           node.name);
        }
        if (node.op != "constant") {
            verify_rule(graph, node, after);
        }
    }
    internal_check(made.size() == graph.values.size(), "after {}: a value is no output of its producer",
                   after);
    for (const auto &[id, array] : graph.constants) {
        internal_check(exists(id) && graph.producer(id).op == "constant",
                       "after {}: numbers of what is no constant", after);
        const Value &value = graph.value(id);
        internal_check(
            array->shape == value.shape && array->type == value.type && array->layout == value.layout,
            "after {}: the numbers of '{}' do not fit its value", after, value.name);
    }
    for (ValueId output : graph.outputs) {
        internal_check(made.count(output) != 0, "after {}: an output is not made", after);
    }
    std::set<ValueId> updated;
    for (const StateUpdate &update : graph.updates) {
        internal_check(made.count(update.state) != 0 && made.count(update.next) != 0 &&
                           updated.insert(update.state).second,
                       "after {}: an update of what is not made, or a second one of a state", after);
        verify_update(graph, update, after);
    }
}

}  // namespace quantide
