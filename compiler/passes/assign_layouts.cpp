#include "compiler/passes/pass.h"

#include <algorithm>
#include <set>

namespace quantide {

namespace {

/** Fewer would leave most of a word of 32 without use. */
constexpr int64_t kFewChannels = 24;

void set_layout(Graph &graph, ValueId id, Layout layout) {
    graph.value(id).layout = layout;
    auto numbers = graph.constants.find(id);
    if (numbers != graph.constants.end()) {
        numbers->second = std::make_shared<const Array>(to_layout(*numbers->second, layout));
    }
}

/** The operand of a node that holds weights [outputs, inputs, ...]; -1 if it has none. */
ValueId weights_of(const Node &node) {
    static const std::set<std::string> kProducts = {"integer_dense",  "dense",  "dense_input_gradient",
                                                    "integer_conv2d", "conv2d", "conv2d_input_gradient"};
    return kProducts.count(node.op) != 0 ? node.inputs[1] : -1;
}

bool has_groups(const Node &node) { return node.has("groups") && node.integer("groups") > 1; }

/** Codes are packed, images keep their channels together; what the caller passes stays as it is. */
Layout layout_of(const Graph &graph, ValueId id) {
    const Value &value = graph.value(id);
    const bool codes = value.type.kind == ElementType::Kind::UInt && value.type.bits < 8;
    if (codes && value.shape.size() % 2 == 0) {
        return Layout::PackedWords;
    }
    const bool outside =
        graph.producer(id).op == "input" || std::count(graph.outputs.begin(), graph.outputs.end(), id) != 0;
    return outside || value.shape.size() < 3 ? Layout::Logical : Layout::ChannelsLast;
}

}  // namespace

Graph assign_layouts(const Graph &graph, const PassOptions &) {
    Graph result = graph;
    for (size_t i = 0; i < result.values.size(); ++i) {
        const auto id = static_cast<ValueId>(i);
        set_layout(result, id, layout_of(graph, id));
    }
    for (const Node &node : graph.nodes) {
        const ValueId weights = weights_of(node);
        const bool codes = weights >= 0 && !graph.value(weights).encoding.plain();
        if (codes || (weights >= 0 && graph.producer(weights).op == "constant")) {
            // Bytes of few channels are gathered, in any order, but for groups; words are read as they lie.
            const Value &x = graph.value(node.inputs[0]);
            const bool gathered = node.op == "integer_conv2d" && x.type.bits == 8 &&
                                  x.shape[1] < kFewChannels && !has_groups(node);
            set_layout(result, weights, gathered ? Layout::FlatPanels : Layout::OutputPanels);
        }
    }
    // A weight that is trained, its moments and their next values lie as the fused update walks them: panels
    // of 32 outputs.
    const auto lie_in_panels = [&](const std::string &name) {
        for (const std::string &state : {name, name + ".m", name + ".v"}) {
            if (const ValueId id = graph.find(state); id >= 0) {
                set_layout(result, id, Layout::OutputPanels);
            }
        }
    };
    for (const Node &node : graph.nodes) {
        if (node.op == "parameter" && node.has("of")) {
            lie_in_panels(node.text("of"));
        }
        const ValueId weights = weights_of(node);
        if (weights >= 0 && !has_groups(node) && graph.value(weights).type == Float(32) &&
            graph.producer(weights).op == "parameter") {
            lie_in_panels(graph.value(weights).name);
        }
        // Those behind affine codes, which are made of them anew in every step.
        if (weights >= 0 && !has_groups(node) && graph.producer(weights).op == "affine_codes") {
            const Node &latent = graph.producer(graph.producer(weights).inputs[0]);
            if (latent.op == "parameter") {
                lie_in_panels(latent.name);
            }
        }
    }
    for (const StateUpdate &update : result.updates) {
        set_layout(result, update.next, result.value(update.state).layout);
    }
    return result;
}

}  // namespace quantide
