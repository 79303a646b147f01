#include "compiler/ops/rules.h"
#include "compiler/quantizers/quantizer.h"

namespace quantide {

const OpDef threshold_op = {
    .name = "threshold",
    .summary = "sign codes of an integer product: 1 where acc >= t of its channel",
    .infer = [](const Graph &graph, const Node &node) -> std::vector<Value> {
        check_inputs(graph, node, 2);
        const Value &acc = check_matrix(graph, node, 0);
        const Value &t = input_value(graph, node, 1);
        user_check(acc.type == t.type && t.shape == Shape{acc.shape[1]},
                   "threshold '{}': expected {}[{}] thresholds, found {}{}", node.name, to_string(acc.type),
                   acc.shape[1], to_string(t.type), to_string(t.shape));
        return {{.name = node.name,
                 .shape = acc.shape,
                 .type = sign_quantizer.type,
                 .encoding = sign_quantizer.encoding}};
    },
    .gradient = nullptr,
};

}  // namespace quantide
