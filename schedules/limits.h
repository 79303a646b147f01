#pragma once
#include <optional>
#include <string>

namespace quantide {

/** What one core of this machine can do at most with the instructions of a CPU level, in 10^9 operations a
 * second (2 per multiply-add): the best of `rounds` short runs of a loop that does nothing else, all operands in
 * registers or L1. `arithmetic` as in the schedule table: "popcount" (x ^ w, count, add; with avx2 the table
 * loop), "byte dot", "float32". Nothing where this machine cannot run the level or no such loop exists. */
std::optional<double> measure_limit_gops(const std::string &arithmetic, const std::string &level, int rounds = 15);

}  // namespace quantide
