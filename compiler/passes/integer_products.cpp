#include "compiler/passes/pass.h"
#include "compiler/passes/rewriter.h"

namespace quantide {

Graph integer_products(const Graph &graph, const PassOptions &) {
    Rewriter rewriter(graph);
    for (const Node &node : graph.nodes) {
        if (node.op != "dense" || graph.value(node.inputs[0]).encoding.plain() ||
            graph.value(node.inputs[1]).encoding.plain()) {
            rewriter.copy(node);
            continue;
        }
        const ValueId x = rewriter.at(node.inputs[0]), w = rewriter.at(node.inputs[1]);
        const IntegerView x_view = integer_view(graph.value(node.inputs[0]).encoding);
        const IntegerView w_view = integer_view(graph.value(node.inputs[1]).encoding);
        const ValueId acc = rewriter.to.add_one("integer_dense", node.name + ".product", {x, w});
        const ValueId offset =
            x_view.offset == 0
                ? rewriter.to.add_constant(node.name + ".offset",
                                           Array(Float(32), {graph.value(node.outputs[0]).shape[1]}))
                : rewriter.to.add_one("code_sum", node.name + ".offset", {w},
                                      {{"scale", double{x_view.offset * w_view.scale}}});
        rewriter.replace(node.outputs[0],
                         rewriter.to.add_one("dequantize", node.name, {acc, offset},
                                             {{"scale", double{x_view.scale * w_view.scale}}}));
    }
    return rewriter.finish();
}

}  // namespace quantide
