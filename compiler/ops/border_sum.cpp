#include "compiler/ops/rules.h"

namespace quantide {

// y[o, i, j] = multiplier * the sum of the integers of o's weights over the taps that lie in the padding, at
// the positions of kind (i, j) of a convolution's output (see Borders).
const OpDef border_sum_op = {
    .name = "border_sum",
    .summary = "sums of the weights' integers over the taps in the padding",
    .infer = [](const Graph &graph, const Node &node) -> std::vector<Value> {
        check_inputs(graph, node, 1);
        const Value &w = check_images(graph, node, 0);
        user_check(!w.encoding.plain(), "border_sum '{}': expected codes, found {}", node.name,
                   to_string(w.type));
        return {{.name = node.name,
                 .shape = kinds_of(w, node),
                 .type = Int(static_cast<int>(node.integer("bits"))),
                 .encoding = {}}};
    },
    .gradient = nullptr,
};

}  // namespace quantide
