#include "compiler/interpret/taps.h"

namespace quantide {

void for_taps(const Window &window, const Shape &x, const Shape &w, const Shape &y, int64_t groups,
              const std::function<void(size_t, int64_t, size_t)> &f) {
    const int64_t depth = w[1], outputs = y[1] / groups;
    size_t out = 0;
    for (int64_t n = 0; n < y[0]; ++n) {
        for (int64_t o = 0; o < y[1]; ++o) {
            for (int64_t i = 0; i < y[2]; ++i) {
                for (int64_t j = 0; j < y[3]; ++j, ++out) {
                    for (int64_t tap = 0; tap < w[2] * w[3] * depth; ++tap) {
                        const int64_t row = tap / depth / w[3], column = tap / depth % w[3], c = tap % depth;
                        const int64_t iy = window.input_of(0, i, row), ix = window.input_of(1, j, column);
                        const bool inside = iy >= 0 && iy < x[2] && ix >= 0 && ix < x[3];
                        const int64_t channel = o / outputs * depth + c;
                        f(out, inside ? ((n * x[1] + channel) * x[2] + iy) * x[3] + ix : -1,
                          static_cast<size_t>(((o * depth + c) * w[2] + row) * w[3] + column));
                    }
                }
            }
        }
    }
}

void for_pool(const Node &node, const Shape &x, const Shape &y,
              const std::function<void(size_t, size_t)> &f) {
    const Window window = Window::of(node, node.extents("kernel"));
    size_t out = 0;
    for (int64_t plane = 0; plane < y[0] * y[1]; ++plane) {
        for (int64_t i = 0; i < y[2]; ++i) {
            for (int64_t j = 0; j < y[3]; ++j, ++out) {
                for (int64_t tap = 0; tap < window.kernel[0] * window.kernel[1]; ++tap) {
                    const int64_t iy = window.input_of(0, i, tap / window.kernel[1]);
                    const int64_t ix = window.input_of(1, j, tap % window.kernel[1]);
                    if (iy >= 0 && iy < x[2] && ix >= 0 && ix < x[3]) {
                        f(out, static_cast<size_t>((plane * x[2] + iy) * x[3] + ix));
                    }
                }
            }
        }
    }
}

}  // namespace quantide
