#pragma once
#include "training/log.h"

#include <vector>

namespace quantide {

/** What a plot of training shows beside its epochs. */
struct PlotOptions {
    std::string title;
    int64_t best_epoch = 0;            ///< marked; 0: none
    double test_error = std::nan("");  ///< of the best epoch, a line; NaN: none
};

/** An SVG picture of a training run: the loss and the validation error of each epoch, in two panels. */
std::string plot_training(std::span<const EpochRecord> epochs, const PlotOptions &options);

/** Round numbers 1, 2 or 5 times a power of ten apart that cover [low, high], about `count` of them; `low`
 * alone if there is nothing to cover. Both are finite. */
std::vector<double> axis_ticks(double low, double high, int count);

}  // namespace quantide
