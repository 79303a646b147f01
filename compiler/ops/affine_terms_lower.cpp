#include "compiler/lower/op_table.h"

namespace quantide {

using Halide::Expr;
using Halide::Func;
using Halide::Var;

void lower_affine_terms(GroupLowering &group, const Node &node) {
    const Func sums = group.elements(node.inputs[0]), counts = group.elements(node.inputs[1]);
    const Func x = group.elements(node.inputs[2]), w = group.elements(node.inputs[3]);
    const bool rows = group.graph.value(node.inputs[3]).shape.size() == 2;
    std::vector<Var> args = sums.args();
    const Expr of_row = args[0];
    const Expr scale = rows ? w(of_row, 0) : w(0), offset = rows ? w(of_row, 1) : w(1);
    std::vector<Expr> place(args.begin(), args.end());
    place[0] = 0;
    const Expr addend = x(1) * (scale * sums(args) + offset * counts(place));
    const Var term("term");
    args.push_back(term);
    Func terms("affine_terms");
    terms(args) = Halide::strict_float(
        Halide::select(term == 0, x(0) * scale, Halide::select(term == 1, x(0) * offset, addend)));
    group.define(node.outputs[0], terms);
}

}  // namespace quantide
