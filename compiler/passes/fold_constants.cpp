#include "compiler/passes/pass.h"
#include "compiler/passes/rewriter.h"

namespace quantide {

namespace {

/** A graph of just `node`, its operands constants, so that the interpreter computes it. */
Array evaluate(const Graph &graph, const Node &node) {
    Rewriter rewriter(graph);
    for (ValueId input : node.inputs) {
        rewriter.copy(graph.producer(input));
    }
    rewriter.copy(node);
    rewriter.to.outputs = {rewriter.at(node.outputs[0])};
    return std::move(interpret_outputs(rewriter.to, {})[0]);
}

}  // namespace

Graph fold_constants(const Graph &graph, const PassOptions &) {
    Rewriter rewriter(graph);
    for (const Node &node : graph.nodes) {
        bool foldable = !node.inputs.empty() && node.outputs.size() == 1;
        for (ValueId input : node.inputs) {
            foldable = foldable && rewriter.to.producer(rewriter.at(input)).op == "constant";
        }
        rewriter.copy(node);
        if (!foldable) {
            continue;
        }
        const ValueId old = rewriter.at(node.outputs[0]);
        const Value value = rewriter.to.value(old);
        Array array = evaluate(rewriter.to, rewriter.to.producer(old));
        rewriter.to.nodes.back() = {.op = "constant", .name = node.name, .inputs = {}, .outputs = {old}, .attributes = {}};
        rewriter.to.constants[old] = std::make_shared<const Array>(std::move(array));
    }
    return rewriter.finish();
}

}  // namespace quantide
