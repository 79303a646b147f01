#include "tests/geometry/covering.h"

#include <numeric>

namespace quantide {

namespace {

/** The sets of `strength` axes and, for each, which combinations of their values are missing. */
class Tuples {
public:
    Tuples(const Axes &axes, int strength) : axes_(axes), of_axis_(axes.sizes.size()) {
        std::vector<size_t> set;
        add_sets(strength, 0, set);
    }

    struct Set {
        std::vector<size_t> axes;
        std::vector<bool> missing;
    };
    std::vector<Set> &sets() { return sets_; }

    /** Missing combinations that `choice` has with `value` for `axis`, which is open in it. */
    int64_t gain(Choice &choice, size_t axis, int value) const {
        choice[axis] = value;
        int64_t result = 0;
        for (const size_t i : of_axis_[axis]) {
            const int64_t at = index(sets_[i], choice);
            result += at >= 0 && sets_[i].missing[static_cast<size_t>(at)] ? 1 : 0;
        }
        choice[axis] = kOpen;
        return result;
    }

    /** Takes what a whole choice has from what is missing; returns how many that were. */
    int64_t remove(const Choice &choice) {
        int64_t result = 0;
        for (Set &set : sets_) {
            const auto at = static_cast<size_t>(index(set, choice));
            result += set.missing[at] ? 1 : 0;
            set.missing[at] = false;
        }
        return result;
    }

    /** The combination of that index in a set; everything else is open. */
    Choice choice(const Set &set, int64_t at) const {
        Choice result(axes_.sizes.size(), kOpen);
        for (const size_t axis : set.axes) {
            result[axis] = static_cast<int>(at % axes_.sizes[axis]);
            at /= axes_.sizes[axis];
        }
        return result;
    }

private:
    void add_sets(int strength, size_t first, std::vector<size_t> &set) {
        if (strength == 0) {
            int64_t combinations = 1;
            for (const size_t axis : set) {
                combinations *= axes_.sizes[axis];
                of_axis_[axis].push_back(sets_.size());
            }
            sets_.push_back({set, std::vector<bool>(static_cast<size_t>(combinations), true)});
            return;
        }
        for (size_t axis = first; axis < axes_.sizes.size(); ++axis) {
            set.push_back(axis);
            add_sets(strength - 1, axis + 1, set);
            set.pop_back();
        }
    }

    /** -1 where one of the set's axes is open. */
    int64_t index(const Set &set, const Choice &choice) const {
        int64_t result = 0, step = 1;
        for (const size_t axis : set.axes) {
            if (choice[axis] == kOpen) {
                return -1;
            }
            result += choice[axis] * step;
            step *= axes_.sizes[axis];
        }
        return result;
    }

    const Axes &axes_;
    std::vector<Set> sets_;
    std::vector<std::vector<size_t>> of_axis_;
};

}  // namespace

bool complete(const Axes &axes, Choice &choice, const std::function<int64_t(size_t, int)> &gain) {
    if (!axes.allowed(choice)) {
        return false;
    }
    const auto open = std::find(choice.begin(), choice.end(), kOpen);
    if (open == choice.end()) {
        return true;
    }
    const auto axis = static_cast<size_t>(open - choice.begin());
    std::vector<std::pair<int64_t, int>> values;
    for (int value = 0; value < axes.sizes[axis]; ++value) {
        values.emplace_back(gain(axis, value), value);
    }
    std::sort(values.rbegin(), values.rend());
    for (const auto &[worth, value] : values) {
        choice[axis] = value;
        if (complete(axes, choice, gain)) {
            return true;
        }
    }
    choice[axis] = kOpen;
    return false;
}

Covering cover(const Axes &axes, int strength, uint32_t seed) {
    Random random(seed);
    Tuples tuples(axes, strength);
    Covering result;
    for (Tuples::Set &set : tuples.sets()) {
        for (size_t at = 0; at < set.missing.size(); ++at) {
            if (!set.missing[at]) {
                continue;
            }
            const Choice wanted = tuples.choice(set, static_cast<int64_t>(at));
            Choice choice = wanted;
            const bool possible = complete(axes, choice, [&](size_t axis, int value) {
                constexpr int64_t kTies = 1 << 10;
                return tuples.gain(choice, axis, value) * kTies + random.integer(0, kTies - 1);
            });
            if (possible) {
                result.covered += tuples.remove(choice);
                result.choices.push_back(choice);
            } else {
                set.missing[at] = false;
                ++result.impossible;
            }
        }
    }
    return result;
}

}  // namespace quantide
