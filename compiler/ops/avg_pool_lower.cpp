#include "compiler/lower/op_table.h"
#include "compiler/lower/window.h"

namespace quantide {

using Halide::Expr;
using Halide::Func;
using Halide::RDom;
using Halide::Var;

void lower_avg_pool(GroupLowering &group, const Node &node) {
    const Value &value = group.graph.value(node.inputs[0]);
    const Window window = check_pool(group.graph, node);
    const Func source = group.elements(node.inputs[0]);
    const std::vector<Var> at = source.args();
    const Var k("k");
    Func outside("outside"), sum("sum"), y("avg_pool");
    outside(k) = 0.0F;
    const Func image = with_padding(source, value.shape, window, outside);
    const RDom r({{0, static_cast<int>(window.kernel[1])}, {0, static_cast<int>(window.kernel[0])}}, "tap");
    sum(at) = 0.0F;
    sum(at) += image(at[0], input_of(window, 1, at[1], r.x), input_of(window, 0, at[2], r.y), at[3]);
    y(at) = sum(at) / static_cast<float>(window.kernel[0] * window.kernel[1]);
    group.stage("window_sum", sum);
    group.define(node.outputs[0], y);
}

}  // namespace quantide
