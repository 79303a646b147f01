#pragma once
#include "schedules/schedule.h"

namespace quantide {

/** Elementwise groups: vectorized along the innermost axis, parallel along the outermost. */
void schedule_elementwise(Kernel &kernel, const Tuning &tuning);

/** Products of 1-bit weights with 1-bit or 8-bit codes, and what is fused behind them. */
void schedule_integer_dense(Kernel &kernel, const Tuning &tuning);

}  // namespace quantide
