#include "compiler/ops/optimizer.h"

#include "compiler/base/ap2.h"

#include <algorithm>
#include <cmath>

namespace quantide {

namespace {

double number(const Attributes &attributes, const char *key) { return std::get<double>(attributes.at(key)); }

double unbiased(double beta, int64_t t) { return 1 - std::pow(beta, static_cast<double>(t)); }

double power_of_two(double x) { return double{ap2(static_cast<float>(x))}; }

const std::vector<OptimizerDef> &optimizers() {
    static const std::vector<OptimizerDef> kOptimizers = {
        {
            .op = "adam",
            .moments = {".m", ".v"},
            .step_rate =
                [](const Attributes &a, double rate, int64_t t) {
                    return rate * std::sqrt(unbiased(number(a, "beta2"), t)) /
                           unbiased(number(a, "beta1"), t);
                },
            .weight_scale = [](double glorot) { return glorot; },
        },
        {
            .op = "shift_adamax",
            .moments = {".m", ".v"},
            .step_rate = [](const Attributes &a, double rate,
                            int64_t t) { return power_of_two(rate / unbiased(number(a, "beta1"), t)); },
            .weight_scale = power_of_two,
        },
        {
            .op = "sgd",
            .moments = {".m"},
            .step_rate = [](const Attributes &, double rate, int64_t) { return rate; },
            .weight_scale = [](double glorot) { return glorot; },
        },
    };
    return kOptimizers;
}

}  // namespace

const OptimizerDef *find_optimizer(const std::string &op) {
    const auto row =
        std::ranges::find_if(optimizers(), [&](const OptimizerDef &optimizer) { return op == optimizer.op; });
    return row == optimizers().end() ? nullptr : &*row;
}

}  // namespace quantide
