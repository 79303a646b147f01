#pragma once
#include "compiler/ir/graph.h"

#include <algorithm>

namespace quantide {

/** How many output rows at the top and bottom, columns at the left and right, have taps in the padding. */
struct Borders {
    int64_t top = 0, left = 0, bottom = 0, right = 0;

    /** Kinds of rows (columns): each border row is one of its own, all in between are one. */
    int64_t row_kinds() const { return top + bottom + 1; }
    int64_t column_kinds() const { return left + right + 1; }
    /** The kind of output row y of `height` (of column x likewise). */
    int64_t row_kind(int64_t y, int64_t height) const { return kind(y, top, height - 1 - bottom); }
    int64_t column_kind(int64_t x, int64_t width) const { return kind(x, left, width - 1 - right); }
    /** An output row of that kind, and a column. */
    int64_t row_of(int64_t kind, int64_t height) const {
        return kind <= top ? kind : height - row_kinds() + kind;
    }
    int64_t column_of(int64_t kind, int64_t width) const {
        return kind <= left ? kind : width - column_kinds() + kind;
    }

private:
    static int64_t kind(int64_t i, int64_t first, int64_t last) {
        return std::min(i, first) + std::max(i - last, int64_t{0});
    }
};

/** The window that a convolution or a pooling moves over an image: its attributes `kernel` [height, width] (a
 * convolution has that of its weights), `strides`, `dilations` [vertical, horizontal], and `pads` [top, left,
 * bottom, right]. */
struct Window {
    Shape kernel, strides, dilations, pads;

    /** From a node's attributes. Throws CompileError naming the layer for other numbers of extents, for
     * strides, dilations or kernels below 1, for pads below 0. */
    static Window of(const Node &node, const Shape &kernel);

    /** Rows (axis 0) or columns (1) of an input pixel's coordinate: output `i`, tap `tap`; outside the image
     * in the padding. */
    int64_t input_of(int axis, int64_t i, int64_t tap) const {
        const auto a = static_cast<size_t>(axis);
        return i * strides[a] + tap * dilations[a] - pads[a];
    }
    bool has_padding() const;
    /** The windows tile the image: none overlaps another, none reaches into padding. */
    bool tiles() const;
    /** Outputs along `axis` of `extent` pixels. Throws CompileError naming `what` where the window is larger
     * than the padded image. */
    int64_t outputs(int axis, int64_t extent, const std::string &what) const;
    /** The shape [N, channels, H', W'] that `image` [N, C, H, W] gives. */
    Shape output_shape(const Shape &image, int64_t channels, const std::string &what) const;
    Borders borders(const Shape &image) const;
};

}  // namespace quantide
