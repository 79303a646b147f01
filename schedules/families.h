#pragma once
#include "schedules/schedule.h"

namespace quantide {

/** Elementwise groups: vectorized along the innermost axis, parallel along the outermost. */
void schedule_elementwise(Kernel &kernel, const Tuning &tuning);

/** Products of a batch of rows with panels of weights, and what is fused behind them. */
void schedule_dense(Kernel &kernel, const Tuning &tuning);

}  // namespace quantide
