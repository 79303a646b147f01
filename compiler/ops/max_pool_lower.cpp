#include "compiler/lower/op_table.h"
#include "compiler/lower/window.h"

namespace quantide {

using Halide::Expr;
using Halide::Func;
using Halide::Var;

// On packed codes of one bit the largest is the or of the words: padding, left out, is 0.
void lower_max_pool(GroupLowering &group, const Node &node) {
    const Value &value = group.graph.value(node.inputs[0]);
    const Window window = check_pool(group.graph, node);
    const bool in_words = value.type.bits == 1 && group.has_words(node.inputs[0]);
    const Func source = in_words ? group.words(node.inputs[0]) : group.elements(node.inputs[0]);
    const Halide::Type type = source.type();
    const std::vector<Var> at = source.args();
    const Var k("k");
    Func outside("outside"), y("max_pool");
    outside(k) = type.min();
    const Func image = with_padding(source, value.shape, window, outside);
    Expr largest;
    for (int row = 0; row < window.kernel[0]; ++row) {
        for (int column = 0; column < window.kernel[1]; ++column) {
            const Expr element =
                image(at[0], input_of(window, 1, at[1], column), input_of(window, 0, at[2], row), at[3]);
            largest = !largest.defined() ? element
                      : in_words         ? largest | element
                                         : Halide::max(largest, element);
        }
    }
    y(at) = largest;
    group.kernel.pooled *= window.kernel[0] * window.kernel[1];
    in_words ? group.define_words(node.outputs[0], y) : group.define(node.outputs[0], y);
}

}  // namespace quantide
