#pragma once
#include <array>
#include <cstdint>
#include <vector>

namespace quantide {

/** Ten rounds of Philox4x32 (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3"): four
 * random words for each counter and key. */
constexpr std::array<uint32_t, 4> philox(std::array<uint32_t, 4> counter, std::array<uint32_t, 2> key) {
    for (int round = 0; round < 10; ++round) {
        const uint64_t a = uint64_t{0xD2511F53} * counter[0];
        const uint64_t b = uint64_t{0xCD9E8D57} * counter[2];
        counter = {static_cast<uint32_t>(b >> 32) ^ counter[1] ^ key[0], static_cast<uint32_t>(b),
                   static_cast<uint32_t>(a >> 32) ^ counter[3] ^ key[1], static_cast<uint32_t>(a)};
        key = {key[0] + 0x9E3779B9, key[1] + 0xBB67AE85};
    }
    return counter;
}

/** Random words in any order: word i depends on the seed, the stream, the step and i alone. Each use
 * of randomness (an op, the initial weights, the shuffle) has a stream of its own. */
struct RandomStream {
    uint64_t seed = 0;
    uint32_t stream = 0;
    uint32_t step = 0;

    constexpr uint32_t operator()(uint64_t i) const { return block(i / 4)[i % 4]; }
    /** Words 4 i to 4 i + 3. */
    constexpr std::array<uint32_t, 4> block(uint64_t i) const {
        return philox({static_cast<uint32_t>(i), static_cast<uint32_t>(i >> 32), stream, step},
                      {static_cast<uint32_t>(seed), static_cast<uint32_t>(seed >> 32)});
    }
};

/** The stream of permutation(). */
constexpr uint32_t kShuffleStream = 0xFFFFFFFF;
/** The stream of what is done to training images (training/batches.h). */
constexpr uint32_t kAugmentationStream = 0xFFFFFFFE;

/** A random word as one of 2^24 equidistant numbers of [0, 1). */
constexpr float uniform(uint32_t word) { return static_cast<float>(word >> 8) * 0x1p-24F; }

/** A random word as one of 2^23 equidistant numbers of (-1, 1), symmetric about 0 and never 0. */
constexpr float uniform_symmetric(uint32_t word) {
    return static_cast<float>(static_cast<int32_t>(word >> 9) * 2 + 1 - (1 << 23)) * 0x1p-23F;
}

/** The numbers 0 to n-1 in an order that depends on the seed and the epoch. */
std::vector<int32_t> permutation(int32_t n, uint64_t seed, uint32_t epoch);

}  // namespace quantide
