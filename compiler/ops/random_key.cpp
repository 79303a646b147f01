#include "compiler/ops/rules.h"

namespace quantide {

// The seed's low and high word, and the step.
const OpDef random_key_op = {
    .name = "random_key",
    .summary = "what the random numbers of a step come from: the seed and the step, set at every step",
    .infer = [](const Graph &graph, const Node &node) -> std::vector<Value> {
        check_inputs(graph, node, 0);
        return {{.name = node.name, .shape = {3}, .type = UInt(32), .encoding = {}}};
    },
    .gradient = no_gradient,
};

}  // namespace quantide
