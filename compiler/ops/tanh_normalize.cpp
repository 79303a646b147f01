#include "compiler/ops/rules.h"

namespace quantide {

// y = tanh(x) / M, clamped to [-1, 1], with M the largest |tanh| of what the range (smallest, largest)
// covers; of a range of zeros x is 0. The weights of Zhou et al. 2016, "DoReFa-Net", before they are
// quantized: their 2 q(tanh(w) / (2 M) + 1/2) - 1 is symmetric(bits) of y. The gradient takes M as a
// constant.
const OpDef tanh_normalize_op = {
    .name = "tanh_normalize",
    .summary = "tanh(x) over the largest |tanh| of x's range",
    .infer = [](const Graph &graph, const Node &node) -> std::vector<Value> {
        check_inputs(graph, node, 2);
        const Value &x = input_value(graph, node, 0);
        check_float(graph, node, 0, x.shape);
        check_float(graph, node, 1, {2});
        return {float_value(node, x.shape)};
    },
    .gradient = [](Graph &graph, const Node &node, std::span<const ValueId> dy) -> std::vector<ValueId> {
        return {graph.add_one("tanh_normalize_gradient", node.name + ".gradient",
                              {dy[0], node.inputs[0], node.inputs[1]}),
                -1};
    },
};

}  // namespace quantide
