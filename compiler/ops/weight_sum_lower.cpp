#include "compiler/lower/op_table.h"
#include "compiler/lower/tap_sums.h"

namespace quantide {

void lower_weight_sum(GroupLowering &group, const Node &node) {
    const Halide::Func integers = tap_sums(group, node, true);
    Halide::Func sum("weight_sum");
    const auto type = Halide::Int(static_cast<int>(node.integer("bits")));
    sum(integers.args()) =
        Halide::cast(type, integers(integers.args())) * static_cast<int>(node.integer("multiplier"));
    group.define(node.outputs[0], sum);
}

}  // namespace quantide
