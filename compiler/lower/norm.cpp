#include "compiler/lower/norm.h"

#include "compiler/base/ap2.h"
#include "compiler/ops/norm.h"

#include <limits>

namespace quantide {

using Halide::Expr;
using Exprs = NormLowering::Exprs;

namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

Expr f32(double x) { return {static_cast<float>(x)}; }

Expr over_deviation(const Expr &weight, const Expr &deviation, float eps) {
    return weight / (deviation + eps);
}

Expr itself(const Expr &h) { return h; }

Exprs no_sums() { return {}; }

Exprs add_none(const Exprs &, const Expr &, const Expr &) { return {}; }

Expr slope_of_squares(const Exprs &, const Expr &, const Expr &h, const Expr &, double n) {
    return h * f32(1 / n);
}

Expr sign_of(const Expr &x) { return Halide::select(x > 0, f32(1), x < 0, f32(-1), f32(0)); }

/** The largest and the least so far, and where each was first. */
Exprs extremes(const Exprs &so_far, const Expr &d, const Expr &position) {
    const Expr above = d > so_far[0], below = d < so_far[2];
    return {Halide::select(above, d, so_far[0]), Halide::select(above, position, so_far[1]),
            Halide::select(below, d, so_far[2]), Halide::select(below, position, so_far[3])};
}

/** In the order of all_norms(). */
const NormLowering kNorms[] = {
    {
        // variance
        .begin = [] { return Exprs{0.0F}; },
        .add = [](const Exprs &sum, const Expr &d) -> Exprs { return {sum[0] + d * d}; },
        .statistic = [](const Exprs &sum, double n, float) { return sum[0] / f32(n); },
        .scale = [](const Expr &weight, const Expr &var,
                    float eps) { return weight / Halide::sqrt(var + eps); },
        .stand_in = itself,
        .begin_slopes = no_sums,
        .add_slopes = add_none,
        .slope = slope_of_squares,
    },
    {
        // shift
        .begin = [] { return Exprs{0.0F}; },
        .add = [](const Exprs &sum, const Expr &d) -> Exprs { return {sum[0] + d * ap2(d)}; },
        .statistic = [](const Exprs &sum, double n,
                        float eps) { return 1.0F / Halide::sqrt(sum[0] / f32(n) + eps); },
        .scale = [](const Expr &weight, const Expr &inverse, float) { return ap2(weight) * ap2(inverse); },
        .stand_in = [](const Expr &h) { return ap2(h); },
        .begin_slopes = no_sums,
        .add_slopes = add_none,
        .slope = slope_of_squares,
    },
    {
        // range
        .begin =
            [] {
                return Exprs{-kInfinity, kInfinity};
            },
        .add = [](const Exprs &so_far, const Expr &d) -> Exprs {
            return {Halide::max(so_far[0], d), Halide::min(so_far[1], d)};
        },
        .statistic = [](const Exprs &so_far, double n,
                        float) { return f32(range_constant(n)) * (so_far[0] - so_far[1]); },
        .scale = over_deviation,
        .stand_in = itself,
        .begin_slopes =
            [] {
                return Exprs{-kInfinity, 0, kInfinity, 0};
            },
        .add_slopes = extremes,
        .slope =
            [](const Exprs &found, const Expr &, const Expr &, const Expr &position, double n) {
                const Expr c = f32(range_constant(n));
                return Halide::select(position == found[1], c, f32(0)) -
                       Halide::select(position == found[3], c, f32(0));
            },
    },
    {
        // l1
        .begin = [] { return Exprs{0.0F}; },
        .add = [](const Exprs &sum, const Expr &d) -> Exprs { return {sum[0] + Halide::abs(d)}; },
        .statistic = [](const Exprs &sum, double n, float) { return sum[0] * f32(kGaussianL1 / n); },
        .scale = over_deviation,
        .stand_in = itself,
        .begin_slopes = [] { return Exprs{0.0F}; },
        .add_slopes = [](const Exprs &sum, const Expr &d, const Expr &) -> Exprs {
            return {sum[0] + sign_of(d)};
        },
        .slope = [](const Exprs &sum, const Expr &d, const Expr &, const Expr &,
                    double n) { return (sign_of(d) - sum[0] * f32(1 / n)) * f32(kGaussianL1 / n); },
    },
};

}  // namespace

const NormLowering &norm_lowering(const Node &node) {
    internal_check(std::size(kNorms) == all_norms().size(), "a normalization lacks its Halide form");
    return kNorms[&norm_of(node) - all_norms().data()];
}

std::vector<Expr> values_at(const Halide::Func &f, const std::vector<Expr> &at) {
    if (f.outputs() == 1) {
        return {f(at)};
    }
    std::vector<Expr> values;
    for (int i = 0; i < f.outputs(); ++i) {
        values.push_back(f(at)[i]);
    }
    return values;
}

Expr ap2(const Expr &x) {
    const Expr bits = Halide::reinterpret<int32_t>(x), magnitude = bits & Binary32::kMagnitude;
    const Expr rounded =
        Halide::min(magnitude, Binary32::kInfinity) + (Binary32::kLeastNormal - Binary32::kAboveSqrt2);
    const Expr power = Halide::select(magnitude < Binary32::kLeastNormal, 0, rounded & Binary32::kInfinity) |
                       (bits & ~Binary32::kMagnitude);
    return Halide::reinterpret<float>(Halide::select(magnitude > Binary32::kInfinity, bits, power));
}

}  // namespace quantide
