#pragma once
#include "training/fit.h"

#include <chrono>

namespace quantide {

/** Says on stderr that so many kernels of `what` are about to be compiled, which takes seconds. */
void show_compiling(const std::string &what, int kernels);

/** Shows a run of training on stderr: a bar with the time left if that is a terminal, a line a minute if not,
 * and a line an epoch in any case. */
class TrainingProgress {
public:
    TrainingProgress();
    void show(const FitProgress &progress);

private:
    void clear_bar() const;

    bool terminal_;
    std::chrono::steady_clock::time_point drawn_{};
};

}  // namespace quantide
