#include "compiler/lower/norm.h"
#include "compiler/lower/op_table.h"
#include "compiler/lower/optimizer.h"

namespace quantide {

using Halide::Expr;

void lower_shift_adamax(GroupLowering &group, const Node &node) {
    const double beta1 = node.real("beta1"), beta2 = node.real("beta2");
    const auto f = [](double x) { return static_cast<float>(x); };
    lower_optimizer(group, node, [&](const std::vector<Expr> &in) -> std::vector<Expr> {
        const Expr &w = in[0], &g = in[3], &rate = in[4];
        const Expr m = f(beta1) * in[1] + f(1 - beta1) * g;
        const Expr v = Halide::max(ap2(Halide::max(f(beta2) * in[2], Halide::abs(g))), f(node.real("eps")));
        return {w - rate * m / v, m, v};
    });
}

}  // namespace quantide
