#pragma once
#include "compiler/lower/group_lowering.h"

namespace quantide {

/** The Halide form of a row of the table of normalizations (see Norm): the same formulas, with reductions
 * over the elements of a channel as what they begin with and how an element joins them. */
struct NormLowering {
    using Exprs = std::vector<Halide::Expr>;

    /** The reduction of differences d from the mean that gives S, and S from it and n, how many there are. */
    Exprs (*begin)();
    Exprs (*add)(const Exprs &spread, const Halide::Expr &d);
    Halide::Expr (*statistic)(const Exprs &spread, double n, float eps);
    Halide::Expr (*scale)(const Halide::Expr &weight, const Halide::Expr &statistic, float eps);
    Halide::Expr (*stand_in)(const Halide::Expr &h);
    /** Another for the slopes: `position` numbers the elements of a channel. */
    Exprs (*begin_slopes)();
    Exprs (*add_slopes)(const Exprs &sums, const Halide::Expr &d, const Halide::Expr &position);
    Halide::Expr (*slope)(const Exprs &sums, const Halide::Expr &d, const Halide::Expr &h,
                          const Halide::Expr &position, double n);
};

/** The row of a node's attribute `norm`. */
const NormLowering &norm_lowering(const Node &node);

/** What a Func of one or several values has at some coordinates. */
std::vector<Halide::Expr> values_at(const Halide::Func &f, const std::vector<Halide::Expr> &at);

/** AP2 (see compiler/base/ap2.h), the same bits. */
Halide::Expr ap2(const Halide::Expr &x);

}  // namespace quantide
