#include "compiler/lower/op_table.h"
#include "compiler/lower/window.h"

namespace quantide {

using Halide::cast;
using Halide::Expr;
using Halide::Func;

void lower_affine_dequantize(GroupLowering &group, const Node &node) {
    const Func acc = group.elements(node.inputs[0]), terms = group.elements(node.inputs.back());
    const Value &value = group.graph.value(node.inputs[0]);
    const auto term = [&](int i) -> Expr {
        std::vector<Expr> at = channel_operand(node, value, acc.args());
        at.emplace_back(i);
        return terms(at);
    };
    Expr rest = term(2);
    if (node.inputs.size() == 3) {
        const Func sum = group.elements(node.inputs[1]);
        const std::vector<Halide::Var> args = acc.args();
        std::vector<Expr> at(args.begin(), args.end());
        const int64_t sums = group.graph.value(node.inputs[1]).shape[1];
        at[0] = sums == 1 ? Expr(0) : at[0] / static_cast<int>(value.shape[1] / sums);
        rest = cast<float>(sum(at)) * term(1) + rest;
    }
    Func y("dequantized");
    y(acc.args()) = Halide::strict_float(cast<float>(acc(acc.args())) * term(0) + rest);
    group.define(node.outputs[0], y);
}

}  // namespace quantide
