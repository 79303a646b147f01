#pragma once
#include <cmath>
#include <cstdint>
#include <map>
#include <span>
#include <string>

namespace quantide {

/** What one epoch of training came to. */
struct EpochRecord {
    int64_t epoch = 1;            ///< counted from 1
    int64_t steps = 0;            ///< made in all
    double loss = 0;              ///< mean over the epoch
    double validation_error = 0;  ///< from 0 to 1
    double learning_rate = 0;
    double seconds = std::nan("");  ///< that it took; NaN: unknown
};

/** A training log: lines "epoch,steps,loss,validation_error,learning_rate,seconds", the first of them with
 * these names. Numbers are as short as they can be for the same bits; unknown seconds are left out. */
std::string format_log(std::span<const EpochRecord> epochs);

/** The seconds in the log at `path` of those epochs of which it says the same; what else it holds does not
 * matter. Throws CompileError if it is a file but no log, so that nothing else gets overwritten by one. */
std::map<int64_t, double> read_log_seconds(const std::string &path, std::span<const EpochRecord> epochs);

}  // namespace quantide
