#include "runtime/parallel.h"

#include <gtest/gtest.h>

#include <atomic>
#include <stdexcept>
#include <string>
#include <vector>

namespace quantide {
namespace {

TEST(ParallelFor, VisitsEachIndexOnce) {
    for (int threads : {0, 1, 2, 7}) {
        for (size_t count : {size_t{0}, size_t{1}, size_t{3}, size_t{129}}) {
            std::vector<std::atomic<int>> visits(count);
            parallel_for(count, threads, [&](size_t i) { visits[i]++; });
            for (size_t i = 0; i < count; i++) {
                EXPECT_EQ(visits[i], 1)
                    << "index " << i << " of " << count << " with " << threads << " threads";
            }
        }
    }
}

TEST(ParallelFor, RethrowsAfterAllThreadsEnded) {
    std::atomic<int> running = 0;
    auto body = [&](size_t i) {
        running++;
        if (i == 5) {
            running--;
            throw std::runtime_error("five");
        }
        running--;
    };
    try {
        parallel_for(64, 4, body);
        FAIL() << "expected an exception";
    } catch (const std::runtime_error &e) {
        EXPECT_EQ(std::string(e.what()), "five");
    }
    EXPECT_EQ(running, 0);
}

TEST(ParallelFor, ThereIsAThread) { EXPECT_GE(available_threads(), 1); }

}  // namespace
}  // namespace quantide
