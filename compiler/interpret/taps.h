#pragma once
#include "compiler/interpret/interpret_op.h"

#include <functional>

namespace quantide {

/** Calls f(output, input or -1 in the padding, weight) for every tap of a convolution of x to y by w,
 * ascending in (n, o, i, j) and then in (row, column, channel) of the kernel: positions in row-major arrays.
 */
void for_taps(const Window &window, const Shape &x, const Shape &w, const Shape &y, int64_t groups,
              const std::function<void(size_t, int64_t, size_t)> &f);

/** Calls f(output, input) for every tap of a pooling of x to y that lies inside the image, windows ascending.
 */
void for_pool(const Node &node, const Shape &x, const Shape &y, const std::function<void(size_t, size_t)> &f);

}  // namespace quantide
