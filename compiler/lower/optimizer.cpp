#include "compiler/lower/optimizer.h"

#include "compiler/ops/rules.h"

namespace quantide {

using Halide::Expr;
using Halide::Func;
using Halide::Tuple;
using Halide::Var;

namespace {

/** The coordinates of the element at (lane, k, panel) of weights in panels; in the padding, of one beside it.
 */
std::vector<Expr> at_panel(const Value &w, const std::vector<Var> &vars) {
    const Expr k = vars[1], output = Halide::min(32 * vars[2] + vars[0], static_cast<int>(w.shape[0]) - 1);
    if (w.shape.size() == 2) {
        return {k, output};
    }
    const int depth = static_cast<int>(w.shape[1]), width = static_cast<int>(w.shape[3]);
    return {k % depth, k / depth % width, k / depth / width, output};
}

}  // namespace

// Next values overwrite the old ones, so each element's are computed together before any is stored: one
// Tuple.
void lower_optimizer(GroupLowering &group, const Node &node,
                     const std::function<std::vector<Expr>(const std::vector<Expr> &)> &rule) {
    const Value &w = group.graph.value(node.inputs[0]);
    const size_t states = node.outputs.size();
    const bool panels = w.layout == Layout::OutputPanels;
    internal_check(
        panels || w.layout == Layout::ChannelsLast || (w.layout == Layout::Logical && w.shape.size() <= 2),
        "{}: no update in {}", node.name, to_string(w.layout));
    const std::vector<Var> vars =
        panels ? std::vector<Var>{Var("lane"), Var("k"), Var("panel")} : coordinates(w.shape.size());

    std::vector<Expr> operands;
    for (size_t i = 0; i < states; ++i) {
        operands.push_back(group.operand(node.inputs[i])(vars));
    }
    const auto product = group.kernel.stages.find("product");
    if (!panels) {
        operands.push_back(group.elements(node.inputs[states])(vars));
    } else if (product != group.kernel.stages.end()) {
        operands.push_back(product->second(vars));
    } else {
        operands.push_back(group.elements(node.inputs[states])(at_panel(w, vars)));
    }
    operands.push_back(group.operand(node.inputs[states + 1])(0));

    std::vector<Expr> values = rule(operands);
    const float scale = static_cast<float>(node.real("scale")), clip = static_cast<float>(node.real("clip"));
    values[0] = operands[0] + scale * (values[0] - operands[0]);
    if (clip > 0) {
        values[0] = Halide::clamp(values[0], -clip, clip);
    }
    Func next("next"), update("update");
    next(vars) = Tuple(values);
    std::vector<Expr> copies;
    for (size_t i = 0; i < states; ++i) {
        copies.push_back(next(vars)[static_cast<int>(i)]);
    }
    update(vars) = Tuple(copies);
    group.define_memory(node.outputs, update);
    for (size_t i = 0; i < states; ++i) {
        Func elements("next_elements");
        if (panels) {
            const std::vector<Var> at = coordinates(w.shape.size());
            const int depth = static_cast<int>(w.shape[1]);
            // The last word of packed codes asks beyond the inputs.
            Expr k = depth % 32 == 0 ? Expr(at[0]) : Halide::min(at[0], depth - 1);
            if (at.size() == 4) {
                k += (at[2] * static_cast<int>(w.shape[3]) + at[1]) * depth;
            }
            elements(at) = update(at.back() % 32, k, at.back() / 32)[static_cast<int>(i)];
        } else {
            elements(vars) = update(vars)[static_cast<int>(i)];
        }
        group.define(node.outputs[i], elements);
    }
    group.stage("next", next);
    group.stage("update", update);
    group.kernel.k = panels ? element_count(features_of(w), 1, node.name) : 0;
    // As the product says that it is made of.
    const size_t kind = group.kernel.family.find('/');
    group.kernel.family =
        !panels ? "elementwise"
                : "weight_update" + (kind == std::string::npos ? "" : group.kernel.family.substr(kind));
}

}  // namespace quantide
