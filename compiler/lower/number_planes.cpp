#include "compiler/lower/number_planes.h"

#include "compiler/base/error.h"

#include <algorithm>
#include <bit>
#include <numeric>
#include <optional>
#include <span>

namespace quantide {

using Halide::Expr;

namespace {

/** A bit for each code, none for codes that there are not. */
using Bits = std::vector<std::optional<bool>>;

/** Both in one, where no code tells them apart. */
std::optional<Bits> merged(std::span<const std::optional<bool>> a, std::span<const std::optional<bool>> b,
                           bool inverted) {
    Bits result(a.begin(), a.end());
    for (size_t i = 0; i < a.size(); ++i) {
        const std::optional<bool> other = b[i] ? std::optional(*b[i] != inverted) : std::nullopt;
        if (a[i] && other && a[i] != other) {
            return std::nullopt;
        }
        result[i] = a[i] ? a[i] : other;
    }
    return result;
}

/** As a function of the code's planes, by its value where the last of them is 0 and where it is 1 (Shannon
 * 1938). */
Expr function_of(const Bits &bits, const std::function<Expr(int)> &plane) {
    const auto is = [&](bool bit) {
        return std::ranges::none_of(bits, [&](const std::optional<bool> &b) { return b && *b != bit; });
    };
    if (is(false) || is(true)) {
        return Halide::cast<uint32_t>(Expr(is(false) ? 0U : UINT32_MAX));
    }
    const std::span halves(bits);
    const auto off = halves.first(bits.size() / 2), on = halves.last(bits.size() / 2);
    if (const std::optional<Bits> same = merged(off, on, false)) {
        return function_of(*same, plane);
    }
    const Expr last = plane(std::bit_width(bits.size()) - 2);
    if (const std::optional<Bits> opposite = merged(off, on, true)) {
        return last ^ function_of(*opposite, plane);
    }
    const auto function = [&](std::span<const std::optional<bool>> half) {
        return function_of({half.begin(), half.end()}, plane);
    };
    return (~last & function(off)) | (last & function(on));
}

}  // namespace

NumberPlanes::NumberPlanes(const IntegerView &view)
    : count(static_cast<int>(view.multipliers.size())),
      doubles(count > 1 && view.multipliers[1] == 2 * view.multipliers[0]),
      most(static_cast<int>((view.max() - view.min()) / view.multipliers[0])),
      of_code(view.powers == 0 ? count : Encoding{.powers = view.powers}.planes()),
      numbers(view.numbers()) {
    internal_check(std::accumulate(view.multipliers.begin(), view.multipliers.end(), 0) ==
                       (doubles ? (1 << count) - 1 : count) * view.multipliers[0],
                   "no products of planes that count neither twice nor the same");
}

int NumberPlanes::most_of(int planes) const { return std::min(most, doubles ? (1 << planes) - 1 : planes); }

Expr NumberPlanes::operator()(int plane, const std::function<Expr(int)> &of_code_plane) const {
    if (numbers.empty()) {
        return of_code_plane(plane);
    }
    Bits bits(size_t{1} << of_code);
    std::ranges::transform(numbers, bits.begin(), [&](int u) { return (u >> plane & 1) != 0; });
    return function_of(bits, of_code_plane);
}

}  // namespace quantide
