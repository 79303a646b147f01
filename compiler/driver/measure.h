#pragma once
#include <functional>
#include <span>
#include <vector>

namespace quantide {

/** One of the pieces of work whose times are compared. */
struct Contender {
    /** Does the work once. */
    std::function<void()> run;
    /** If given, `run` adds the times of its parts to these. */
    std::vector<double> *parts = nullptr;
};

/** The time of a contender's work, done once. */
struct Measurement {
    double seconds = 0;           ///< median over the rounds
    double low = 0, high = 0;     ///< the median's 95 % confidence interval
    std::vector<double> parts{};  ///< medians
    /** The time in each round. */
    std::vector<double> samples{};
};

/** In each round every contender works in turn, as often as makes its time measurable, so that what the
 * machine does meanwhile meets them all. */
std::vector<Measurement> measure(std::span<const Contender> contenders, int rounds);

/** What `a` takes beyond `b`, compared round by round; negative where it takes less. Both must come from one
 * call of measure(). */
Measurement difference(const Measurement &a, const Measurement &b);

}  // namespace quantide
