#include "compiler/ops/window.h"

#include "compiler/base/error.h"

#include <algorithm>

namespace quantide {

namespace {

/** No position that is computed from so small extents overflows. */
constexpr int64_t kMost = 1 << 20;

/** Checks that there are `count` extents, each in [least, kMost]. */
const Shape &checked(const Node &node, const char *key, const Shape &extents, size_t count, int64_t least) {
    const auto fits = [&](int64_t extent) { return extent >= least && extent <= kMost; };
    user_check(extents.size() == count && std::all_of(extents.begin(), extents.end(), fits),
               "{} '{}': expected {} {} of {} to {}, found [{}]", node.op, node.name, count, key, least,
               kMost, fmt::join(extents, ", "));
    return extents;
}

Shape extents_of(const Node &node, const char *key, size_t count, int64_t least) {
    return checked(node, key, node.extents(key), count, least);
}

/** Outputs whose first tap lies before the image, or whose last lies behind it. */
std::pair<int64_t, int64_t> border(const Window &window, int axis, int64_t extent, int64_t outputs) {
    const auto a = static_cast<size_t>(axis);
    int64_t first = 0, last = 0;
    while (first < outputs && window.input_of(axis, first, 0) < 0) {
        ++first;
    }
    while (last < outputs && window.input_of(axis, outputs - 1 - last, window.kernel[a] - 1) >= extent) {
        ++last;
    }
    // Without an inner row every row is of its own kind.
    return first + last < outputs ? std::pair(first, last) : std::pair(outputs - 1, int64_t{0});
}

}  // namespace

Window Window::of(const Node &node, const Shape &kernel) {
    Window window{.kernel = checked(node, "kernel extents", kernel, 2, 1),
                  .strides = extents_of(node, "strides", 2, 1),
                  .dilations = {1, 1},
                  .pads = extents_of(node, "pads", 4, 0)};
    if (node.has("dilations")) {
        window.dilations = extents_of(node, "dilations", 2, 1);
    }
    return window;
}

bool Window::has_padding() const {
    return std::any_of(pads.begin(), pads.end(), [](int64_t pad) { return pad != 0; });
}

bool Window::tiles() const { return kernel == strides && dilations == Shape{1, 1} && !has_padding(); }

int64_t Window::outputs(int axis, int64_t extent, const std::string &what) const {
    const auto a = static_cast<size_t>(axis);
    const int64_t padded = extent + pads[a] + pads[a + 2];
    const int64_t reach = (kernel[a] - 1) * dilations[a] + 1;
    user_check(reach <= padded, "{}: expected a window of at most {} {}, found {}", what, padded,
               axis == 0 ? "rows" : "columns", reach);
    return (padded - reach) / strides[a] + 1;
}

Shape Window::output_shape(const Shape &image, int64_t channels, const std::string &what) const {
    return {image.at(0), channels, outputs(0, image.at(2), what), outputs(1, image.at(3), what)};
}

Borders Window::borders(const Shape &image) const {
    const auto [top, bottom] = border(*this, 0, image.at(2), outputs(0, image.at(2), "window"));
    const auto [left, right] = border(*this, 1, image.at(3), outputs(1, image.at(3), "window"));
    return {top, left, bottom, right};
}

}  // namespace quantide
