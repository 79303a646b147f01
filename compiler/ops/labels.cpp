#include "compiler/ops/rules.h"

namespace quantide {

const OpDef labels_op = {
    .name = "labels",
    .summary = "the class of each row of the batch",
    .infer = [](const Graph &graph, const Node &node) -> std::vector<Value> {
        check_inputs(graph, node, 0);
        return {{.name = node.name, .shape = {batch_extent(node)}, .type = UInt(8), .encoding = {}}};
    },
    .gradient = no_gradient,
};

}  // namespace quantide
