#include "compiler/passes/pass.h"

namespace quantide {

namespace {

void set_layout(Graph &graph, ValueId id, Layout layout) {
    graph.value(id).layout = layout;
    auto numbers = graph.constants.find(id);
    if (numbers != graph.constants.end()) {
        numbers->second = std::make_shared<const Array>(to_layout(*numbers->second, layout));
    }
}

/** The operand of a node that holds weights [outputs, inputs]; -1 if it has none. */
ValueId weights_of(const Node &node) {
    const bool reads = node.op == "integer_dense" || node.op == "dense" || node.op == "dense_input_gradient";
    return reads ? node.inputs[1] : -1;
}

}  // namespace

Graph assign_layouts(const Graph &graph, const PassOptions &) {
    Graph result = graph;
    for (size_t id = 0; id < result.values.size(); ++id) {
        const Value &value = result.values[id];
        if (value.type == UInt(1) && value.shape.size() == 2) {
            set_layout(result, static_cast<ValueId>(id), Layout::PackedWords);
        }
    }
    for (const Node &node : graph.nodes) {
        const ValueId weights = weights_of(node);
        const bool codes = weights >= 0 && graph.value(weights).type == UInt(1);
        if (codes || (weights >= 0 && graph.producer(weights).op == "constant")) {
            set_layout(result, weights, Layout::OutputPanels);
        }
    }
    // A latent weight, its moments and their next values lie as the fused update walks them: panels of 32
    // outputs.
    for (const Node &node : graph.nodes) {
        if (node.op != "parameter" || !node.has("of")) {
            continue;
        }
        const std::string &name = node.text("of");
        for (const std::string &state : {name, name + ".m", name + ".v"}) {
            const ValueId id = graph.find(state);
            if (id >= 0) {
                set_layout(result, id, Layout::OutputPanels);
            }
        }
    }
    for (const StateUpdate &update : result.updates) {
        set_layout(result, update.next, result.value(update.state).layout);
    }
    return result;
}

}  // namespace quantide
