#include "compiler/passes/pass.h"
#include "compiler/passes/rewriter.h"

namespace quantide {

// A dense layer of flattened images of packed codes reads them as they lie: its weights get the images'
// extents instead. A sum of integers does not ask for an order.
Graph absorb_reshape(const Graph &graph, const PassOptions &) {
    Rewriter rewriter(graph);
    for (const Node &node : graph.nodes) {
        const Node *reshape = node.op == "integer_dense" ? &graph.producer(node.inputs[0]) : nullptr;
        if (reshape == nullptr || reshape->op != "reshape" ||
            graph.value(reshape->inputs[0]).shape.size() != 4 ||
            graph.value(reshape->inputs[0]).type.bits == 8) {
            rewriter.copy(node);
            continue;
        }
        const Shape &image = graph.value(reshape->inputs[0]).shape;
        const ValueId weights = rewriter.to.add_one("reshape", graph.value(node.inputs[1]).name + ".images",
                                                    {rewriter.at(node.inputs[1])},
                                                    {{"shape", Shape(image.begin() + 1, image.end())}});
        rewriter.replace(node.outputs[0],
                         rewriter.clone(node, node.name, {rewriter.at(reshape->inputs[0]), weights}));
    }
    return rewriter.finish();
}

}  // namespace quantide
