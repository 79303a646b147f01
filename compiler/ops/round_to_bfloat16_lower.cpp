#include "compiler/lower/op_table.h"
#include "compiler/quantizers/gradient_format_lower.h"

namespace quantide {

void lower_round_to_bfloat16(GroupLowering &group, const Node &node) {
    const Halide::Func x = group.elements(node.inputs[0]);
    Halide::Func rounded("round_to_bfloat16");
    rounded(x.args()) = lower_round_to_bfloat16(x(x.args()));
    group.define(node.outputs[0], rounded);
}

}  // namespace quantide
