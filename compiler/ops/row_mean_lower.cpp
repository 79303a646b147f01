#include "compiler/lower/op_table.h"

namespace quantide {

using Halide::Func;
using Halide::RDom;
using Halide::Var;

// One ascending sum of few numbers, strictly rounded: what it scales are codes, which should not depend on an
// order.
void lower_row_mean(GroupLowering &group, const Node &node) {
    const Func x = group.elements(node.inputs[0]);
    const int columns = static_cast<int>(group.graph.value(node.inputs[0]).shape[1]);
    const RDom column(0, columns, "column");
    const Var c("c");
    Func sum("sum"), mean("mean");
    sum(c) = 0.0F;
    sum(c) = Halide::strict_float(sum(c) + x(column, c));
    mean(c) = Halide::strict_float(sum(c) / static_cast<float>(columns));
    group.stage("sum", sum);
    group.kernel.family = "loss";
    group.define(node.outputs[0], mean);
}

}  // namespace quantide
