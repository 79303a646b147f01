#include "compiler/lower/op_table.h"

namespace quantide {

using Halide::Expr;
using Halide::Func;
using Halide::Var;

void lower_slice(GroupLowering &group, const Node &node) {
    const Func x = group.elements(node.inputs[0]);
    const std::vector<Var> at = x.args();
    std::vector<Expr> from(at.begin(), at.end());
    Func y("slice");
    from[0] = at[0] + static_cast<int>(node.integer("begin"));
    y(at) = x(from);
    group.define(node.outputs[0], y);
}

}  // namespace quantide
