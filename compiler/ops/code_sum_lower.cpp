#include "compiler/lower/op_table.h"
#include "compiler/lower/tap_sums.h"

namespace quantide {

void lower_code_sum(GroupLowering &group, const Node &node) {
    const Halide::Func integers = tap_sums(group, node, true);
    Halide::Func sum("code_sum");
    sum(integers.args()) =
        static_cast<float>(node.real("scale")) * Halide::cast<float>(integers(integers.args()));
    group.define(node.outputs[0], sum);
}

}  // namespace quantide
