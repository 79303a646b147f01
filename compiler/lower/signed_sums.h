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

}  // namespace quantide
