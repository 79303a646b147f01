#pragma once
#include <cstddef>
#include <functional>

namespace quantide {

/** The number of CPUs that this process may use. */
int available_threads();

/** Calls body(i) once for every i below `count`, on `threads` threads (the calling one included; 0 means
 * available_threads()), and returns when all are done. Rethrows the exception of the smallest i that
 * threw; later indices may then not have run. */
void parallel_for(size_t count, int threads, const std::function<void(size_t)> &body);

}  // namespace quantide
