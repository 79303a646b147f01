#include "compiler/passes/pass.h"
#include "compiler/passes/rewriter.h"

namespace quantide {

Graph freeze(const Graph &graph, const PassOptions &options) {
    internal_check(options.parameters != nullptr, "freeze without parameters");
    Rewriter rewriter(graph);
    for (const Node &node : graph.nodes) {
        if (node.op != "parameter") {
            rewriter.copy(node);
            continue;
        }
        const Value &value = graph.value(node.outputs[0]);
        auto found = options.parameters->find(value.name);
        user_check(found != options.parameters->end(), "network '{}': expected a parameter '{}', found none",
                   graph.name, value.name);
        user_check(found->second.shape == value.shape && found->second.type == value.type,
                   "network '{}': expected '{}' to be {}{}, found {}{}", graph.name, value.name,
                   to_string(value.type), to_string(value.shape), to_string(found->second.type),
                   to_string(found->second.shape));
        rewriter.replace(node.outputs[0],
                         rewriter.to.add_constant(value.name, to_layout(found->second, Layout::Logical)));
    }
    return rewriter.finish();
}

}  // namespace quantide
