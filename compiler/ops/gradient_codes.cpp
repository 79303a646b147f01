#include "compiler/ops/random.h"
#include "compiler/quantizers/gradient_format.h"

namespace quantide {

// The format's code(x, u) with u = uniform(word gradient_word(i) of the node's random_stream) for element i.
const OpDef gradient_codes_op = {
    .name = "gradient_codes",
    .summary = "a gradient as codes of a grid over its range, rounded to nearest or at random",
    .infer = [](const Graph &graph, const Node &node) -> std::vector<Value> {
        check_inputs(graph, node, node.inputs.size() == 2 ? 2 : 3);
        const GradientFormat format = find_gradient_format(node.text("format"));
        user_check(format.has_codes(), "gradient_codes '{}': expected a format of codes, found {}", node.name,
                   format.text());
        check_inputs(graph, node, format.stochastic() ? 3 : 2);
        const Value &x = check_features(graph, node, 0);
        check_float(graph, node, 0, x.shape);
        check_float(graph, node, 1, {2});
        if (format.stochastic()) {
            check_random_key(graph, node, 2);
        }
        return {{.name = node.name, .shape = x.shape, .type = format.type(), .encoding = {}}};
    },
    .gradient = nullptr,
};

}  // namespace quantide
