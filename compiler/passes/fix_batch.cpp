#include "compiler/ops/op.h"
#include "compiler/passes/pass.h"

namespace quantide {

Graph fix_batch(const Graph &graph, const PassOptions &options) {
    user_check(options.batch > 0, "network '{}': expected a batch of at least 1, found {}", graph.name,
               options.batch);
    Graph result = graph;
    for (Value &value : result.values) {
        for (int64_t &extent : value.shape) {
            extent = extent == kBatch ? options.batch : extent;
        }
    }
    for (Node &node : result.nodes) {
        if (node.op == "input" || node.op == "labels") {
            node.attributes["batch"] = options.batch;
        }
    }
    // An op may refuse this batch.
    for (const Node &node : result.nodes) {
        if (node.op != "constant") {
            find_op(node.op).infer(result, node);
        }
    }
    return result;
}

}  // namespace quantide
