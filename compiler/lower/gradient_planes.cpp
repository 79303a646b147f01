#include "compiler/lower/gradient_planes.h"

namespace quantide {

using Halide::cast;
using Halide::Expr;

namespace {

constexpr int kPlanes = 3;

}  // namespace

bool are_bfloat16(const IntegerView &view) { return largest_integer(view) <= 256; }

TileNumbers planes_of_gradient(const Node &node) {
    const int planes = node.has("format") ? 1 : kPlanes;
    return node.op.ends_with("weight_gradient") ? TileNumbers{false, 1, planes}
                                                : TileNumbers{false, planes, 1};
}

Expr bfloat16_of(const Expr &x) { return Halide::reinterpret<uint32_t>(x) >> 16; }

Expr bfloat16_plane(const Expr &x, const Expr &plane, int planes) {
    Expr rest = x, result;
    for (int p = 0; p < planes; ++p) {
        const Expr bits = bfloat16_of(rest);
        result = p == 0 ? bits : Halide::select(plane == p, bits, result);
        rest = Halide::strict_float(rest - Halide::reinterpret<float>(bits << 16));
    }
    return result;
}

Expr bfloat16_integer(const Encoding &encoding, const IntegerView &view, const Expr &code) {
    const auto number = [](int64_t integer) { return bfloat16_of(Expr(static_cast<float>(integer))); };
    return is_sign(encoding)
               ? Halide::select(cast<uint32_t>(code) != 0, number(view.max()), number(view.min()))
               : bfloat16_of(cast<float>(integer_of(view, code)));
}

}  // namespace quantide
