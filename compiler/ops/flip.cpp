#include "compiler/ops/rules.h"

namespace quantide {

// Where mask[0, c] is 1 every bit of a code is inverted.
const OpDef flip_op = {
    .name = "flip",
    .summary = "the codes of some channels inverted",
    .infer = [](const Graph &graph, const Node &node) -> std::vector<Value> {
        check_inputs(graph, node, 2);
        const Value &x = check_features(graph, node, 0);
        const Value &mask = input_value(graph, node, 1);
        user_check(x.type == UInt(1) && mask.type == UInt(1) && mask.shape == (Shape{1, x.shape[1]}),
                   "flip '{}': expected 1-bit codes and a mask u1[1, {}], found {} and {}{}", node.name,
                   x.shape[1], to_string(x.type), to_string(mask.type), to_string(mask.shape));
        return {{.name = node.name, .shape = x.shape, .type = x.type, .encoding = x.encoding}};
    },
    .gradient = nullptr,
};

}  // namespace quantide
