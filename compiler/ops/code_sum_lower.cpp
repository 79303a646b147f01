#include "compiler/lower/op_table.h"

namespace quantide {

void lower_code_sum(GroupLowering &group, const Node &node) {
    using namespace Halide;
    const Value &w = group.graph.value(node.inputs[0]);
    internal_check(w.layout == Layout::OutputPanels, "code_sum '{}' of codes that are not in panels",
                   node.name);
    const int depth = static_cast<int>(w.shape[1]);
    Func words = group.words(node.inputs[0]), ones("ones"), sum("code_sum");
    Var m("m");
    RDom r(0, (depth + 31) / 32);
    ones(m) += cast<int>(popcount(words(m % 32, r, m / 32)));
    sum(m) = static_cast<float>(node.real("scale")) * cast<float>(2 * ones(m) - depth);
    group.define(node.outputs[0], sum);
}

}  // namespace quantide
