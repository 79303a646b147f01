#include "compiler/lower/signed_sums.h"

namespace quantide {

using Halide::cast;
using Halide::Expr;

Expr signed_sum(const Expr &signs, const std::function<Expr(int)> &term) {
    const auto signed_term = [&](int b) {
        const Expr value = term(b);
        return Halide::select(((signs >> b) & 1) != 0, value, -value);
    };
    return (signed_term(0) + signed_term(1)) + (signed_term(2) + signed_term(3));
}

Expr sign_code(const std::function<Expr(int)> &sign) {
    Expr code = cast<uint8_t>(0);
    for (int b = 0; b < kTermsPerTable; ++b) {
        code = code | (cast<uint8_t>(sign(b) & 1) << cast<uint8_t>(b));
    }
    return code;
}

Expr entry_of(const Expr &code) {
    return Halide::unsafe_promise_clamped(cast<int>(code), 0, (1 << kTermsPerTable) - 1);
}

}  // namespace quantide
