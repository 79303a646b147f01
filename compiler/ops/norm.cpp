#include "compiler/ops/norm.h"

#include "compiler/base/ap2.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace quantide {

namespace {

using Numbers = std::span<const double>;

double mean_of(Numbers numbers, double (*f)(double)) {
    return std::accumulate(numbers.begin(), numbers.end(), 0.0,
                           [&](double sum, double x) { return sum + f(x); }) /
           static_cast<double>(numbers.size());
}

double shift_of(double x) { return double{ap2(static_cast<float>(x))}; }

double sign_of(double x) { return static_cast<double>(x > 0) - static_cast<double>(x < 0); }

float over_deviation(float weight, float deviation, float eps) { return weight / (deviation + eps); }

/** Of sqrt(mean h^2): of the elements' share in it. */
std::vector<double> slope_of_squares(Numbers, Numbers h) {
    std::vector<double> slope(h.begin(), h.end());
    std::ranges::for_each(slope, [&](double &s) { s /= static_cast<double>(h.size()); });
    return slope;
}

const Norm kNorms[] = {
    {
        .name = "variance",
        .layer = "batch_norm",
        .running = "running_var",
        .summary = "sqrt(variance + eps) (Ioffe & Szegedy 2015)",
        .least_elements = 1,
        .statistic = [](Numbers d, double) { return mean_of(d, [](double x) { return x * x; }); },
        .scale = [](float weight, float var, float eps) { return weight / std::sqrt(var + eps); },
        .stand_in = [](double h) { return h; },
        .slope = slope_of_squares,
    },
    {
        .name = "shift",
        .layer = "shift_batch_norm",
        .running = "running_invstd",
        .summary = "powers of two throughout: squares by d AP2(d), AP2(1 / deviation), AP2(weight) "
                   "(Courbariaux et al. 2016)",
        .least_elements = 1,
        .statistic =
            [](Numbers d, double eps) {
                return 1 / std::sqrt(mean_of(d, [](double x) { return x * shift_of(x); }) + eps);
            },
        .scale = [](float weight, float inverse, float) { return ap2(weight) * ap2(inverse); },
        .stand_in = shift_of,
        .slope = slope_of_squares,
    },
    {
        .name = "range",
        .layer = "range_batch_norm",
        .running = "running_scale",
        .summary = "(max - min) / (2 sqrt(2 ln n)) + eps (Banner et al. 2018)",
        .least_elements = 2,
        .statistic =
            [](Numbers d, double) {
                const auto [least, most] = std::ranges::minmax_element(d);
                return range_constant(static_cast<double>(d.size())) * (*most - *least);
            },
        .scale = over_deviation,
        .stand_in = [](double h) { return h; },
        // Of equal elements the first is the largest, and the least.
        .slope =
            [](Numbers d, Numbers) {
                std::vector<double> slope(d.size());
                const double c = range_constant(static_cast<double>(d.size()));
                slope[static_cast<size_t>(std::ranges::max_element(d) - d.begin())] += c;
                slope[static_cast<size_t>(std::ranges::min_element(d) - d.begin())] -= c;
                return slope;
            },
    },
    {
        .name = "l1",
        .layer = "l1_batch_norm",
        .running = "running_scale",
        .summary = "sqrt(pi / 2) mean |x - mean| + eps (Wu et al. 2018, \"L1-Norm Batch Normalization\")",
        .least_elements = 1,
        .statistic = [](Numbers d,
                        double) { return kGaussianL1 * mean_of(d, [](double x) { return std::fabs(x); }); },
        .scale = over_deviation,
        .stand_in = [](double h) { return h; },
        .slope =
            [](Numbers d, Numbers) {
                const double mean = mean_of(d, sign_of);
                std::vector<double> slope(d.size());
                std::ranges::transform(d, slope.begin(), [&](double x) {
                    return kGaussianL1 * (sign_of(x) - mean) / static_cast<double>(d.size());
                });
                return slope;
            },
    },
};

}  // namespace

std::span<const Norm> all_norms() { return kNorms; }

const Norm *find_norm(const std::string &name) {
    const auto *const row = std::ranges::find_if(kNorms, [&](const Norm &norm) { return name == norm.name; });
    return row == std::end(kNorms) ? nullptr : row;
}

const Norm &norm_of(const Node &node) {
    const std::string name = node.has("norm") ? node.text("norm") : kNorms[0].name;
    const Norm *norm = find_norm(name);
    user_check(norm != nullptr, "{} '{}': unknown normalization '{}'", node.op, node.name, name);
    return *norm;
}

Attributes norm_attributes(const Node &node) {
    Attributes attributes{{"eps", node.real("eps")}};
    if (node.has("norm")) {
        attributes["norm"] = node.text("norm");
    }
    return attributes;
}

double range_constant(double n) { return 1 / (2 * std::sqrt(2 * std::log(n))); }

}  // namespace quantide
