#include "compiler/driver/measure.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <functional>

namespace quantide {

namespace {

/** Shorter times drown in the clock's; longer ones meet whatever else the machine does. */
constexpr double kShortest = 3e-4;

double time_of(const Contender &contender, int repeats) {
    using Clock = std::chrono::steady_clock;
    const Clock::time_point start = Clock::now();
    for (int i = 0; i < repeats; ++i) {
        contender.run();
    }
    return std::chrono::duration<double>(Clock::now() - start).count();
}

int repeats_of(const Contender &contender) {
    int repeats = 1;
    contender.run();  // the first run also warms up
    while (time_of(contender, repeats) < kShortest && repeats < (1 << 24)) {
        repeats *= 2;
    }
    return repeats;
}

/** The k-th smallest. */
double rank(std::vector<double> samples, size_t k) {
    std::nth_element(samples.begin(), samples.begin() + static_cast<std::ptrdiff_t>(k), samples.end());
    return samples[k];
}

Measurement summarize(const std::vector<double> &samples) {
    const auto n = static_cast<double>(samples.size());
    // The number of samples below the true median is binomial(n, 1/2), here as its normal approximation.
    const double reach = 1.96 * std::sqrt(n) / 2;
    const auto low = static_cast<size_t>(std::max(0.0, std::floor(n / 2 - reach)));
    const auto high = static_cast<size_t>(std::min(n - 1, std::ceil(n / 2 + reach) - 1));
    return {.seconds = rank(samples, samples.size() / 2),
            .low = rank(samples, low),
            .high = rank(samples, high),
            .samples = samples};
}

}  // namespace

std::vector<Measurement> measure(std::span<const Contender> contenders, int rounds) {
    std::vector<int> repeats;
    for (const Contender &contender : contenders) {
        repeats.push_back(repeats_of(contender));
    }
    std::vector<std::vector<double>> samples(contenders.size());
    std::vector<std::vector<std::vector<double>>> parts(contenders.size());  // contender, part, round
    for (int round = 0; round < rounds; ++round) {
        for (size_t i = 0; i < contenders.size(); ++i) {
            const Contender &contender = contenders[i];
            if (contender.parts != nullptr) {
                std::fill(contender.parts->begin(), contender.parts->end(), 0);
            }
            samples[i].push_back(time_of(contender, repeats[i]) / repeats[i]);
            if (contender.parts != nullptr) {
                parts[i].resize(contender.parts->size());
                for (size_t part = 0; part < parts[i].size(); ++part) {
                    parts[i][part].push_back((*contender.parts)[part] / repeats[i]);
                }
            }
        }
    }
    std::vector<Measurement> result;
    for (size_t i = 0; i < contenders.size(); ++i) {
        result.push_back(summarize(samples[i]));
        for (const std::vector<double> &part : parts[i]) {
            result.back().parts.push_back(rank(part, part.size() / 2));
        }
    }
    return result;
}

Measurement difference(const Measurement &a, const Measurement &b) {
    std::vector<double> samples(a.samples.size());
    std::transform(a.samples.begin(), a.samples.end(), b.samples.begin(), samples.begin(), std::minus());
    return summarize(samples);
}

}  // namespace quantide
