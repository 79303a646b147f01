#include "compiler/passes/pass.h"
#include "compiler/passes/rewriter.h"

namespace quantide {

Graph fold_constants(const Graph &graph, const PassOptions &) {
    Rewriter rewriter(graph);
    for (const Node &node : graph.nodes) {
        std::vector<const Array *> operands;
        for (ValueId input : node.inputs) {
            const auto constant = rewriter.to.constants.find(rewriter.at(input));
            if (constant != rewriter.to.constants.end()) {
                operands.push_back(constant->second.get());
            }
        }
        rewriter.copy(node);
        if (node.inputs.empty() || node.outputs.size() != 1 || operands.size() != node.inputs.size()) {
            continue;
        }
        const ValueId id = rewriter.at(node.outputs[0]);
        Array folded = std::move(interpret_node(graph, node, operands)[0]);
        rewriter.to.nodes.back() = {
            .op = "constant", .name = node.name, .inputs = {}, .outputs = {id}, .attributes = {}};
        rewriter.to.constants[id] = std::make_shared<const Array>(std::move(folded));
    }
    return rewriter.finish();
}

}  // namespace quantide
