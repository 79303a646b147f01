#pragma once
#include "compiler/lower/group_lowering.h"

namespace quantide {

/** The operands of a loss or its gradient: inputs scores [N, C] and labels [N]. */
struct LossOperands {
    Halide::Func scores, labels;
    int rows, classes;

    LossOperands(GroupLowering &group, const Node &node)
        : scores(group.elements(node.inputs[0])),
          labels(group.elements(node.inputs[1])),
          rows(static_cast<int>(group.graph.value(node.inputs[0]).shape[0])),
          classes(static_cast<int>(group.graph.value(node.inputs[0]).shape[1])) {}

    /** True where class c is the label of row n. */
    Halide::Expr is_label(const Halide::Expr &c, const Halide::Expr &n) const {
        return c == Halide::cast<int>(labels(n));
    }
};

}  // namespace quantide
