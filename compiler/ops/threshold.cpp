#include "compiler/ops/rules.h"
#include "compiler/quantizers/quantizer.h"

namespace quantide {

const OpDef threshold_op = {
    .name = "threshold",
    .summary = "sign codes of an integer product: 1 where acc >= t of its channel and kind of position",
    .infer = [](const Graph &graph, const Node &node) -> std::vector<Value> {
        check_inputs(graph, node, 2);
        const Value &acc = check_features(graph, node, 0);
        check_channel_operand(graph, node, 1, acc, acc.type);
        const Quantizer sign = find_quantizer("sign");
        return {{.name = node.name, .shape = acc.shape, .type = sign.type(), .encoding = sign.encoding()}};
    },
    .gradient = nullptr,
};

}  // namespace quantide
