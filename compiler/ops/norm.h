#pragma once
#include "compiler/ir/graph.h"

#include <span>
#include <vector>

namespace quantide {

/** One row of the table of normalizations, the attribute `norm` of batch_norm, batch_norm_train and
 * batch_norm_gradient. Every one is y = (x - mean) scale(weight, S, eps) + bias with a statistic S of how far
 * the N elements of a channel spread: the batch's in training, its running average otherwise. With
 * h = (x - mean) scale(1, S, eps), or what stands for it, gradients are dweight = sum dy h, dbias = sum dy,
 * dx = scale(weight, S, eps) (dy - dbias / N - dweight slope). Its Halide form is in compiler/lower/norm.h.
 */
struct Norm {
    const char *name;
    /** The layer's name in error messages: "range_batch_norm". */
    const char *layer;
    /** The parameter that averages S: "running_var". None is below 0. */
    const char *running;
    /** One sentence for `quantide list`, with the paper. */
    const char *summary;
    /** The fewest elements of a channel in a batch. */
    int64_t least_elements;
    /** S of the differences of a channel's elements from their mean. */
    double (*statistic)(std::span<const double> differences, double eps);
    /** Float32, each step rounded: (x - mean) scale + bias is monotone in x whatever the numbers are. */
    float (*scale)(float weight, float statistic, float eps);
    /** What stands for the normalized element h in gradients. */
    double (*stand_in)(double h);
    /** The derivative of 1 / scale(1, S, eps) by each element, given the differences and what stands for h;
     * that by way of the mean is in dbias. */
    std::vector<double> (*slope)(std::span<const double> differences, std::span<const double> h);
};

/** Every row: "variance", "shift", "range", "l1". */
std::span<const Norm> all_norms();

/** The row of that name, or null. */
const Norm *find_norm(const std::string &name);

/** The row of a node's attribute `norm`; without one it is "variance". Throws CompileError for an unknown
 * name. */
const Norm &norm_of(const Node &node);

/** The attributes that a node hands on to its training form and gradient: eps and norm. */
Attributes norm_attributes(const Node &node);

/** What the range of n >= 2 numbers is multiplied by, 1 / (2 sqrt(2 ln n)), and stands for their deviation:
 * of Gaussian numbers that is 0.7 to 0.9 of it (Banner et al. 2018). */
double range_constant(double n);

/** The deviation of Gaussian numbers over the mean of their magnitudes, sqrt(pi / 2). */
constexpr double kGaussianL1 = 1.2533141373155003;

}  // namespace quantide
