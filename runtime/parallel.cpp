#include "runtime/parallel.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

namespace quantide {

int available_threads() { return static_cast<int>(std::max(1u, std::thread::hardware_concurrency())); }

void parallel_for(size_t count, int threads, const std::function<void(size_t)> &body) {
    std::atomic<size_t> next = 0;
    std::mutex mutex;
    std::exception_ptr error;
    size_t error_index = count;
    auto work = [&] {
        for (size_t i = next++; i < count; i = next++) {
            try {
                body(i);
            } catch (...) {
                std::lock_guard lock(mutex);
                if (i < error_index) {
                    error = std::current_exception();
                    error_index = i;
                }
                next = count;
            }
        }
    };
    size_t wanted = static_cast<size_t>(threads > 0 ? threads : available_threads());
    std::vector<std::jthread> helpers;
    for (size_t i = 1; i < std::min(wanted, count); i++) {
        helpers.emplace_back(work);
    }
    work();
    helpers.clear();
    if (error) {
        std::rethrow_exception(error);
    }
}

}  // namespace quantide
