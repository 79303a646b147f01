#include "compiler/lower/float_products.h"
#include "compiler/lower/op_table.h"
#include "schedules/markers.h"

namespace quantide {

using Halide::Expr;
using Halide::Func;
using Halide::Var;

// Outputs are lanes, so the order of each sum is that of k.
void lower_dense(GroupLowering &group, const Node &node) {
    const Value &x = group.graph.value(node.inputs[0]);
    const Value &w = group.graph.value(node.inputs[1]);
    internal_check(!is_integer(x.encoding) || !is_integer(w.encoding),
                   "dense '{}' of codes should be an integer_dense", node.name);
    Kernel &kernel = group.kernel;
    kernel.family = "dense/f32";
    kernel.n = w.shape[0];
    kernel.k = x.shape[1];
    kernel.m = group.options.batch.value_or(0);
    const Func elements = group.elements(node.inputs[0]);
    const Var lane("lane"), row("row"), panel("panel"), c("c"), n("n");
    const Halide::RDom k(0, static_cast<int>(kernel.k), "k");
    const Halide::ImageParam memory = group.operand(node.inputs[0]);
    const Expr last = memory.dim(memory.dimensions() - 1).extent() - 1;
    Func accumulate("accumulate"), y("dense");
    accumulate(lane, row, panel) = 0.0F;
    accumulate(lane, row, panel) =
        fused_multiply_add(number_of(x, elements(k, Halide::min(Halide::likely(row), last))),
                           weight_at(group, node.inputs[1], lane, k, 0, panel), accumulate(lane, row, panel));
    y(c, n) = from_panels(accumulate, c, {n}, kernel.n);
    group.stage("accumulate", accumulate);
    group.define(node.outputs[0], y);
}

}  // namespace quantide
