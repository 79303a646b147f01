#include "compiler/base/philox.h"

#include <cstddef>
#include <numeric>
#include <utility>

namespace quantide {

std::vector<int32_t> permutation(int32_t n, uint64_t seed, uint32_t epoch) {
    const RandomStream random{seed, kShuffleStream, epoch};
    std::vector<int32_t> order(static_cast<size_t>(n));
    std::iota(order.begin(), order.end(), 0);
    // Fisher-Yates. Scaling a word to [0, i] favours no value by more than i / 2^32.
    for (size_t i = order.size(); i-- > 1;) {
        std::swap(order[i], order[uint64_t{random(i)} * (i + 1) >> 32]);
    }
    return order;
}

}  // namespace quantide
