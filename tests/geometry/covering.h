#pragma once
#include "tests/ir/numbers.h"

#include <cstdint>
#include <functional>
#include <vector>

namespace quantide {

/** One value's index for each axis; kOpen: not chosen yet. */
using Choice = std::vector<int>;
constexpr int kOpen = -1;

/** The combinations of values of several axes. */
struct Axes {
    std::vector<int> sizes;
    /** Whether a choice, of which some are open, breaks no rule so far. Rules should be found out as early as
     * the axes they are about are chosen, in their order. */
    std::function<bool(const Choice &)> allowed;
};

/** Choices that cover all tuples. */
struct Covering {
    std::vector<Choice> choices;
    int64_t covered = 0;     ///< tuples of values
    int64_t impossible = 0;  ///< tuples that no allowed choice has
};

/** Few choices such that every combination of values of any `strength` axes which some allowed choice has is
 * in one of them: greedy, one choice after another, each begun with a combination that is missing (AETG,
 * Cohen et al. 1997). The same for a seed everywhere. */
Covering cover(const Axes &axes, int strength, uint32_t seed);

/** Completes a choice if an allowed one exists. `gain` says how much a value of an axis is worth. */
bool complete(const Axes &axes, Choice &choice, const std::function<int64_t(size_t axis, int value)> &gain);

}  // namespace quantide
