#include "schedules/limits.h"

#include "compiler/codegen/target.h"

#include <algorithm>
#include <chrono>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace quantide {

namespace {

/** A loop of `steps` steps; returns how many operations it did. */
struct LimitLoop {
    const char *arithmetic;
    const char *level;
    double (*run)(int steps);
};

#if defined(__x86_64__)

// Eight accumulators, named one by one so that each has its register, hide every latency here. The compiler
// must take the operands for new in every step, and the sums for used.
#define QUANTIDE_LIMIT_LOOP(name, features, type, zero, step, operations)                                    \
    __attribute__((target(features))) double name(int steps) {                                              \
        alignas(64) static type w[8];                                                                       \
        type a0 = zero, a1 = zero, a2 = zero, a3 = zero, a4 = zero, a5 = zero, a6 = zero, a7 = zero;        \
        type x = zero;                                                                                      \
        for (int i = 0; i < steps; ++i) {                                                                   \
            asm volatile("" : "+x"(x) : "r"(w) : "memory");                                                   \
            a0 = step(a0, x, w[0]);                                                                         \
            a1 = step(a1, x, w[1]);                                                                         \
            a2 = step(a2, x, w[2]);                                                                         \
            a3 = step(a3, x, w[3]);                                                                         \
            a4 = step(a4, x, w[4]);                                                                         \
            a5 = step(a5, x, w[5]);                                                                         \
            a6 = step(a6, x, w[6]);                                                                         \
            a7 = step(a7, x, w[7]);                                                                         \
        }                                                                                                   \
        asm volatile("" : : "x"(a0), "x"(a1), "x"(a2), "x"(a3), "x"(a4), "x"(a5), "x"(a6), "x"(a7));        \
        return static_cast<double>(operations) * 8.0 * static_cast<double>(steps);                          \
    }

__attribute__((always_inline)) inline __m128i add_byte_pairs(__m128i v) {
    return _mm_add_epi16(_mm_and_si128(v, _mm_set1_epi16(0xff)), _mm_srli_epi16(v, 8));
}

__attribute__((always_inline)) inline __m128i count_bytes(__m128i v) {
    const __m128i odd = _mm_set1_epi8(0x55), pairs = _mm_set1_epi8(0x33), fours = _mm_set1_epi8(0x0f);
    v = _mm_sub_epi8(v, _mm_and_si128(_mm_srli_epi16(v, 1), odd));
    v = _mm_add_epi8(_mm_and_si128(v, pairs), _mm_and_si128(_mm_srli_epi16(v, 2), pairs));
    return _mm_and_si128(_mm_add_epi8(v, _mm_srli_epi16(v, 4)), fours);
}

__attribute__((target("avx2"), always_inline)) inline __m256i count_bytes_by_table(__m256i v) {
    const __m256i table = _mm256_broadcastsi128_si256(_mm_setr_epi8(0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4));
    const __m256i low = _mm256_set1_epi8(0x0f);
    const __m256i a = _mm256_shuffle_epi8(table, _mm256_and_si256(v, low));
    const __m256i b = _mm256_shuffle_epi8(table, _mm256_and_si256(_mm256_srli_epi16(v, 4), low));
    return _mm256_add_epi8(a, b);
}

#define POPCOUNT_BASELINE(a, x, w) _mm_add_epi8(a, count_bytes(_mm_xor_si128(x, w)))
#define POPCOUNT_AVX2(a, x, w) _mm256_add_epi8(a, count_bytes_by_table(_mm256_xor_si256(x, w)))
#define POPCOUNT_AVX512(a, x, w) _mm512_add_epi32(a, _mm512_popcnt_epi32(_mm512_xor_si512(x, w)))
#define MASKED_ADD_BASELINE(a, x, w) _mm_add_epi16(a, add_byte_pairs(_mm_and_si128(x, w)))
#define BYTE_DOT_AVX2(a, x, w) _mm256_add_epi16(a, _mm256_maddubs_epi16(x, w))
#define BYTE_DOT_AVX512(a, x, w) _mm512_dpbusd_epi32(a, x, w)
#define FLOAT_BASELINE(a, x, w) _mm_add_ps(a, _mm_mul_ps(x, w))
#define FLOAT_AVX2(a, x, w) _mm256_fmadd_ps(x, w, a)
#define FLOAT_AVX512(a, x, w) _mm512_fmadd_ps(x, w, a)

QUANTIDE_LIMIT_LOOP(popcount_baseline, "sse2", __m128i, _mm_setzero_si128(), POPCOUNT_BASELINE, 256)
QUANTIDE_LIMIT_LOOP(popcount_avx2, "avx2", __m256i, _mm256_setzero_si256(), POPCOUNT_AVX2, 512)
QUANTIDE_LIMIT_LOOP(popcount_avx512, "avx512f,avx512vpopcntdq", __m512i, _mm512_setzero_si512(), POPCOUNT_AVX512, 1024)
QUANTIDE_LIMIT_LOOP(masked_add_baseline, "sse2", __m128i, _mm_setzero_si128(), MASKED_ADD_BASELINE, 32)
QUANTIDE_LIMIT_LOOP(byte_dot_avx2, "avx2", __m256i, _mm256_setzero_si256(), BYTE_DOT_AVX2, 64)
QUANTIDE_LIMIT_LOOP(byte_dot_avx512, "avx512f,avx512vnni", __m512i, _mm512_setzero_si512(), BYTE_DOT_AVX512, 128)
QUANTIDE_LIMIT_LOOP(float_baseline, "sse2", __m128, _mm_setzero_ps(), FLOAT_BASELINE, 8)
QUANTIDE_LIMIT_LOOP(float_avx2, "avx2,fma", __m256, _mm256_setzero_ps(), FLOAT_AVX2, 16)
QUANTIDE_LIMIT_LOOP(float_avx512, "avx512f", __m512, _mm512_setzero_ps(), FLOAT_AVX512, 32)

const LimitLoop kLoops[] = {
    {"popcount", "avx512", popcount_avx512},
    {"popcount", "avx2", popcount_avx2},
    {"popcount", "baseline", popcount_baseline},
    {"byte dot", "avx512", byte_dot_avx512},
    {"byte dot", "avx2", byte_dot_avx2},
    {"masked add", "baseline", masked_add_baseline},
    {"float32", "avx512", float_avx512},
    {"float32", "avx2", float_avx2},
    {"float32", "baseline", float_baseline},
};

#else

const LimitLoop kLoops[] = {{"", "", nullptr}};

#endif

}  // namespace

std::optional<double> measure_limit_gops(const std::string &arithmetic, const std::string &level, int rounds) {
    using Clock = std::chrono::steady_clock;
    const auto matches = [&](const LimitLoop &l) { return arithmetic == l.arithmetic && level == l.level; };
    const auto *loop = std::find_if(std::begin(kLoops), std::end(kLoops), matches);
    if (loop == std::end(kLoops) || loop->run == nullptr || !host_runs(find_level(level))) {
        return std::nullopt;
    }
    constexpr int kSteps = 50'000;
    double best = 0;
    for (int round = 0; round < rounds; ++round) {
        const auto start = Clock::now();
        const double operations = loop->run(kSteps);
        best = std::max(best, operations / std::chrono::duration<double>(Clock::now() - start).count() * 1e-9);
    }
    return best;
}

}  // namespace quantide
