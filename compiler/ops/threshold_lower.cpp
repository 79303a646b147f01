#include "compiler/lower/op_table.h"
#include "compiler/lower/window.h"

namespace quantide {

// Halide rearranges such a comparison as if nothing could overflow: "always" and "never" (INT_MIN, INT_MAX)
// are kept within the range in which that is true. No accumulator reaches it.
constexpr int kLimit = 1 << 30;

void lower_threshold(GroupLowering &group, const Node &node) {
    const Halide::Func acc = group.elements(node.inputs[0]);
    const Halide::Func t = group.elements(node.inputs[1]);
    Halide::Func code("code");
    code(acc.args()) = Halide::cast<uint8_t>(
        acc(acc.args()) >=
        Halide::clamp(t(channel_operand(node, group.graph.value(node.inputs[0]), acc.args())), -kLimit,
                      kLimit));
    group.define(node.outputs[0], code);
}

}  // namespace quantide
