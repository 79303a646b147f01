#include "compiler/lower/gradient_planes.h"

namespace quantide {

using Halide::cast;
using Halide::Expr;

namespace {

constexpr int kPlanes = 3;

}  // namespace

Expr bfloat16_bits(const Expr &x) { return Halide::reinterpret<uint32_t>(x); }

bool are_bfloat16(const IntegerView &view) { return largest_integer(view) <= 256; }

TileNumbers planes_of_gradient(const Node &node) {
    const int planes = node.has("format") ? 1 : kPlanes;
    return node.op.ends_with("weight_gradient") ? TileNumbers{false, 1, planes}
                                                : TileNumbers{false, planes, 1};
}

Expr bfloat16_plane(const Expr &x, const Expr &plane, int planes) {
    Expr rest = x, result;
    for (int p = 0; p < planes; ++p) {
        const Expr bits = bfloat16_bits(rest) & Expr(0xffff0000U);
        result = p == 0 ? bits : Halide::select(plane == p, bits, result);
        rest = Halide::strict_float(rest - Halide::reinterpret<float>(bits));
    }
    return result;
}

Expr bfloat16_integer(const Encoding &encoding, const IntegerView &view, const Expr &code) {
    const auto bits = [](int64_t integer) { return bfloat16_bits(Expr(static_cast<float>(integer))); };
    return is_sign(encoding) ? Halide::select(cast<uint32_t>(code) != 0, bits(view.max()), bits(view.min()))
                             : bfloat16_bits(cast<float>(integer_of(view, code)));
}

Expr bfloat16_lane(const Bfloat16At &number, const Expr &bit, const Expr &word) {
    const Expr step = 16 * word + 2 * bit;
    return (number(step) >> 16) | number(step + 1);
}

}  // namespace quantide
