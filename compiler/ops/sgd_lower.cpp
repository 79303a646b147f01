#include "compiler/lower/op_table.h"
#include "compiler/lower/optimizer.h"

namespace quantide {

using Halide::Expr;

void lower_sgd(GroupLowering &group, const Node &node) {
    const float momentum = static_cast<float>(node.real("momentum"));
    lower_optimizer(group, node, [&](const std::vector<Expr> &in) -> std::vector<Expr> {
        const Expr &w = in[0], &g = in[2], &rate = in[3];
        const Expr m = momentum * in[1] + g;
        return {w - rate * m, m};
    });
}

}  // namespace quantide
