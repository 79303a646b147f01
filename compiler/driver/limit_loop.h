#pragma once
#include "compiler/codegen/target.h"

#include <functional>
#include <optional>

namespace quantide {

/** The loop that measures how fast a machine computes by one arithmetic: independent accumulators in
 * registers, operands in the first-level cache, nothing else. */
struct LimitLoop {
    std::string name;       ///< "avx2/popcount"
    double operations = 0;  ///< of one run
    std::function<void()> run;
};

/** The limit of an arithmetic on a level that this machine has; none for an arithmetic without such a loop.
 */
std::optional<LimitLoop> make_limit_loop(const CpuLevel &level, const std::string &arithmetic);

/** The arithmetics that have one on a level. */
std::vector<std::string> limited_arithmetics(const CpuLevel &level);

}  // namespace quantide
