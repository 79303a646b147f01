#pragma once
#include "compiler/lower/group_lowering.h"

#include <functional>

namespace quantide {

/** Lowers one step of an optimizer: node.inputs are w, the moments, the gradient and the rate; node.outputs
 * the next w and moments, which share memory with the old. `rule` gives the next moments and the direct next
 * w (before scale and clip) from (w, moments..., gradient, rate). */
void lower_optimizer(
    GroupLowering &group, const Node &node,
    const std::function<std::vector<Halide::Expr>(const std::vector<Halide::Expr> &operands)> &rule);

}  // namespace quantide
