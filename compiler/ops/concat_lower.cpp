#include "compiler/lower/op_table.h"

namespace quantide {

using Halide::Expr;
using Halide::Func;
using Halide::Var;

void lower_concat(GroupLowering &group, const Node &node) {
    const std::vector<Var> at = coordinates(group.graph.value(node.outputs[0]).shape.size());
    std::vector<Expr> from(at.begin(), at.end());
    Func y("concat");
    Expr element;
    int end = static_cast<int>(group.graph.value(node.outputs[0]).shape[1]);
    for (size_t i = node.inputs.size(); i-- > 0;) {
        const int channels = static_cast<int>(group.graph.value(node.inputs[i]).shape[1]);
        const Func x = group.elements(node.inputs[i]);
        from[0] = Halide::clamp(at[0] - (end - channels), 0, channels - 1);
        element = element.defined() ? Halide::select(at[0] < end, x(from), element) : Expr(x(from));
        end -= channels;
    }
    y(at) = element;
    group.define(node.outputs[0], y);
}

}  // namespace quantide
