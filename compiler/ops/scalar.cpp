#include "compiler/ops/rules.h"

namespace quantide {

const OpDef scalar_op = {
    .name = "scalar",
    .summary = "a float32 number that the caller sets at every step, such as a learning rate",
    .infer = [](const Graph &graph, const Node &node) -> std::vector<Value> {
        check_inputs(graph, node, 0);
        return {float_value(node, {1})};
    },
    .gradient = no_gradient,
};

}  // namespace quantide
