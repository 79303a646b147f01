#pragma once
#include <Halide.h>

#include <functional>

namespace quantide {

/** Terms that one table look-up adds. */
constexpr int kTermsPerTable = 4;

/** An entry of the tables by which sums of +-1 weighted terms are computed ("the method of the four
 * Russians"): for every four terms the 16 sums that their signs can give, so that one look-up and one
 * addition do four multiply-adds. The sum of +-term(b) for b in 0..3, + where bit b of `signs` is set. */
Halide::Expr signed_sum(const Halide::Expr &signs, const std::function<Halide::Expr(int)> &term);

/** Which of the entries it is: bit b set where the lowest bit of sign(b) is, for b in 0..3; as UInt(8). */
Halide::Expr sign_code(const std::function<Halide::Expr(int)> &sign);

/** A code that was stored, as an index of the entries. */
Halide::Expr entry_of(const Halide::Expr &code);

}  // namespace quantide
