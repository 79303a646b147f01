#include "compiler/ops/random.h"

namespace quantide {

// What a deployed network computes is x; differentiate puts dropout_train in its place.
const OpDef dropout_op = {
    .name = "dropout",
    .summary = "x; in training, see dropout_train (Srivastava et al. 2014)",
    .infer = [](const Graph &graph, const Node &node) -> std::vector<Value> {
        check_inputs(graph, node, 1);
        check_dropout_rate(node);
        return infer_elementwise(graph, node);
    },
    .gradient = nullptr,
};

}  // namespace quantide
