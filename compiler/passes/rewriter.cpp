#include "compiler/passes/rewriter.h"

#include <algorithm>

namespace quantide {

Rewriter::Rewriter(const Graph &from) : from_(from) { to.name = from.name; }

ValueId Rewriter::at(ValueId old) const { return map_.at(old); }

void Rewriter::replace(ValueId old, ValueId fresh) { map_[old] = fresh; }

void Rewriter::copy(const Node &node) {
    Node fresh = node;
    for (ValueId &input : fresh.inputs) {
        input = at(input);
    }
    for (ValueId &output : fresh.outputs) {
        const ValueId old = output;
        output = static_cast<ValueId>(to.values.size());
        to.values.push_back(from_.value(old));
        to.values.back().node = static_cast<int>(to.nodes.size());
        replace(old, output);
        auto numbers = from_.constants.find(old);
        if (numbers != from_.constants.end()) {
            to.constants[output] = numbers->second;
        }
    }
    to.nodes.push_back(std::move(fresh));
}

ValueId Rewriter::clone(const Node &node, const std::string &name, std::vector<ValueId> inputs) {
    return to.add_one(node.op, name, std::move(inputs), node.attributes);
}

Graph Rewriter::finish() {
    for (ValueId output : from_.outputs) {
        to.outputs.push_back(at(output));
    }
    for (const StateUpdate &update : from_.updates) {
        to.updates.push_back({at(update.state), at(update.next)});
    }
    return remove_dead(to);
}

Graph remove_dead(const Graph &graph) {
    std::vector<bool> live(graph.nodes.size());
    auto mark = [&](ValueId id) { live[static_cast<size_t>(graph.value(id).node)] = true; };
    for (ValueId output : graph.outputs) {
        mark(output);
    }
    for (const StateUpdate &update : graph.updates) {
        mark(update.state);
        mark(update.next);
    }
    for (size_t i = graph.nodes.size(); i-- > 0;) {
        const Node &node = graph.nodes[i];
        live[i] = live[i] || node.op == "input" || node.op == "labels";
        if (live[i]) {
            for (ValueId input : node.inputs) {
                mark(input);
            }
        }
    }
    if (std::find(live.begin(), live.end(), false) == live.end()) {
        return graph;
    }
    Rewriter rewriter(graph);
    for (size_t i = 0; i < graph.nodes.size(); ++i) {
        if (live[i]) {
            rewriter.copy(graph.nodes[i]);
        }
    }
    return rewriter.finish();
}

}  // namespace quantide
