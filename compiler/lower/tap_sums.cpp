#include "compiler/lower/tap_sums.h"

#include "compiler/lower/window.h"

namespace quantide {

using Halide::cast;
using Halide::Expr;
using Halide::Func;
using Halide::RDom;
using Halide::Var;

namespace {

/** A position of that kind (see Borders::row_of). */
Expr position_of(const Expr &kind, int64_t first, int64_t kinds, int64_t outputs) {
    return kind + Halide::select(kind <= static_cast<int>(first), 0, static_cast<int>(outputs - kinds));
}

}  // namespace

Func tap_sums(GroupLowering &group, const Node &node, bool inside) {
    const Value &weights = group.graph.value(node.inputs[0]);
    const IntegerView view = weight_view(weights.encoding);
    const Func w = group.elements(node.inputs[0]);
    const auto integer = [&](const Expr &code) { return integer_of(view, code); };
    Func sum("tap_sum");
    const Var c("c"), x("x"), y("y");
    if (!node.has("image")) {
        std::vector<Expr> at;
        std::vector<Halide::Range> ranges;
        const Planes planes = planes_of(weights.shape);
        ranges.emplace_back(0, static_cast<int>(planes.channels));
        for (size_t i = weights.shape.size(); i-- > 2;) {
            ranges.emplace_back(0, static_cast<int>(weights.shape[i]));
        }
        const RDom r(ranges, "tap");
        for (int i = 0; i < r.dimensions(); ++i) {
            at.emplace_back(r[i]);
        }
        at.emplace_back(c);
        sum(c) = 0;
        sum(c) += integer(w(at));
        return sum;
    }
    const Shape &image = node.extents("image");
    const Window window = Window::of(node, {weights.shape[2], weights.shape[3]});
    const Shape whole{1, weights.shape[1], image[0], image[1]};
    const Borders borders = window.borders(whole);
    const Shape out = window.output_shape(whole, weights.shape[0], node.name);
    const RDom r({{0, static_cast<int>(weights.shape[1])},
                  {0, static_cast<int>(weights.shape[3])},
                  {0, static_cast<int>(weights.shape[2])}},
                 "tap");
    const Expr ix = input_of(window, 1, position_of(x, borders.left, borders.column_kinds(), out[3]), r.y);
    const Expr iy = input_of(window, 0, position_of(y, borders.top, borders.row_kinds(), out[2]), r.z);
    const Expr here =
        ix >= 0 && ix < static_cast<int>(image[1]) && iy >= 0 && iy < static_cast<int>(image[0]);
    const Expr term = integer(w(r.x, r.y, r.z, c));
    sum(c, x, y) = 0;
    sum(c, x, y) += inside ? Halide::select(here, term, 0) : Halide::select(here, 0, term);
    return sum;
}

}  // namespace quantide
