#include "compiler/lower/op_table.h"

namespace quantide {

using Halide::Expr;
using Halide::Func;
using Halide::Var;

void lower_flip(GroupLowering &group, const Node &node) {
    const bool in_words = group.has_words(node.inputs[0]);
    const Func x = in_words ? group.words(node.inputs[0]) : group.elements(node.inputs[0]);
    const Func mask = in_words ? group.words(node.inputs[1]) : group.elements(node.inputs[1]);
    Func y("flip");
    y(x.args()) = x(x.args()) ^ mask(x.args()[0], 0);
    in_words ? group.define_words(node.outputs[0], y) : group.define(node.outputs[0], y);
}

}  // namespace quantide
