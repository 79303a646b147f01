#include "compiler/lower/signed_sums.h"

namespace quantide {

using Halide::Expr;

Expr signed_sum(const Expr &signs, const std::function<Expr(int)> &term) {
    const auto signed_term = [&](int b) {
        const Expr value = term(b);
        return Halide::select(((signs >> b) & 1) != 0, value, -value);
    };
    return (signed_term(0) + signed_term(1)) + (signed_term(2) + signed_term(3));
}

}  // namespace quantide
