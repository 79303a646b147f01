#include "compiler/quantizers/gradient_format_lower.h"

#include "compiler/base/error.h"

namespace quantide {

using Halide::cast;
using Halide::Expr;
using Halide::select;

namespace {

// What is compared with NaN or infinity is compared as bits: kernels of training are compiled as if there
// were none.
constexpr int32_t kLeastBits = (127 - 90) << 23, kMostBits = (127 + 90) << 23;

Expr bits_of(const Expr &x) { return Halide::reinterpret<int32_t>(x); }

Expr magnitude_bits(const Expr &x) { return bits_of(x) & 0x7FFFFFFF; }

Expr power_of_two(const Expr &exponent) { return Halide::reinterpret<float>((exponent + 127) << 23); }

Expr exponent_of(const Expr &x) { return (bits_of(x) >> 23) - 127; }

Expr magnitude(const Expr &low, const Expr &high) { return Halide::max(-low, high); }

GradientGridExprs with_extent(const Expr &extent, const Expr &scale, const Expr &inverse) {
    const Expr bits = magnitude_bits(extent);
    const Expr nan = Halide::reinterpret<float>(Expr(0x7FC00000));
    const Expr has_grid = bits >= kLeastBits && bits < kMostBits;
    return {select(bits >= kMostBits, nan, has_grid, Halide::strict_float(scale), 0.0F),
            select(has_grid, Halide::strict_float(inverse), 0.0F), 0};
}

Expr draw(const Expr &t, const Expr &u) {
    return Halide::floor(t) + select(u < t - Halide::floor(t), 1.0F, 0.0F);
}

Expr clamped(const Expr &q, int32_t low, int32_t high) {
    return cast<int32_t>(
        Halide::strict_float(Halide::clamp(q, static_cast<float>(low), static_cast<float>(high))));
}

int32_t uniform_largest(int bits) { return (1 << (bits - 1)) - 1; }

GradientGridExprs uniform_grid(const Expr &low, const Expr &high, int bits) {
    const Expr most = magnitude(low, high);
    const auto steps = static_cast<float>(uniform_largest(bits));
    return with_extent(most, most / steps, steps / most);
}

Expr uniform_code(const Expr &x, const Expr &u, const GradientGridExprs &grid, int bits) {
    return clamped(draw(x * grid.inverse, u), -uniform_largest(bits), uniform_largest(bits));
}

int top_power(int bits) { return (1 << (bits - 1)) - 2; }

GradientGridExprs power_grid(const Expr &low, const Expr &high, int bits) {
    const Expr most = magnitude(low, high);
    const Expr exponent = exponent_of(most) + select((bits_of(most) & 0x7FFFFF) == 0, 0, 1) - top_power(bits);
    return with_extent(most, power_of_two(exponent), power_of_two(-exponent));
}

Expr power_code(const Expr &x, const Expr &u, const GradientGridExprs &grid, int) {
    const Expr t = Halide::strict_float(Halide::abs(x) * grid.inverse);
    const Expr power = select(t < 1.0F, 0.0F, power_of_two(exponent_of(t)));
    const Expr step = select(t < 1.0F, 1.0F, power);
    const Expr q = cast<int32_t>(Halide::strict_float(power + select(u * step < t - power, step, 0.0F)));
    return select(x < 0.0F, -q, q);
}

constexpr int32_t kByteSteps = 254, kLargestByte = 255;

GradientGridExprs byte_grid(const Expr &low, const Expr &high, int) {
    const Expr bottom = Halide::min(low, 0.0F);
    const Expr width = Halide::strict_float(Halide::max(high, 0.0F) - bottom);
    const auto steps = static_cast<float>(kByteSteps);
    GradientGridExprs grid = with_extent(width, width / steps, steps / width);
    grid.zero =
        select(grid.inverse == 0.0F, 0, clamped(Halide::ceil(-bottom * grid.inverse), 0, kLargestByte));
    return grid;
}

Expr byte_code(const Expr &x, const Expr &u, const GradientGridExprs &grid, int) {
    return clamped(draw(x * grid.inverse, u) + cast<float>(grid.zero), 0, kLargestByte);
}

GradientGridExprs fixed_grid(const Expr &low, const Expr &high, int bits) {
    const Expr most = magnitude(low, high);
    const Expr exponent = exponent_of(most) + 1 - (bits - 1);
    return with_extent(most, power_of_two(exponent), power_of_two(-exponent));
}

Expr fixed_code(const Expr &x, const Expr &, const GradientGridExprs &grid, int bits) {
    return clamped(Halide::round(x * grid.inverse), -uniform_largest(bits), uniform_largest(bits));
}

/** A row of the table of gradient formats in Halide. */
struct GradientFormatLowering {
    const char *name;
    GradientGridExprs (*grid)(const Expr &low, const Expr &high, int bits);
    Expr (*code)(const Expr &x, const Expr &u, const GradientGridExprs &grid, int bits);
};

const GradientFormatLowering kLowerings[] = {
    {"stochastic_uniform", uniform_grid, uniform_code}, {"stochastic_log_quant", power_grid, power_code},
    {"stochastic_int8", byte_grid, byte_code},          {"bifurcated_int8", byte_grid, byte_code},
    {"dynamic_fixed_point", fixed_grid, fixed_code},
};

const GradientFormatLowering &lowering_of(const GradientFormat &format) {
    for (const GradientFormatLowering &row : kLowerings) {
        if (row.name == std::string(format.def->name)) {
            return row;
        }
    }
    throw InternalError(fmt::format("gradients {} have no codes in Halide", format.text()));
}

}  // namespace

GradientGridExprs lower_gradient_grid(const GradientFormat &format, const Expr &low, const Expr &high) {
    return lowering_of(format).grid(low, high, format.bits);
}

Expr lower_gradient_code(const GradientFormat &format, const Expr &x, const Expr &u,
                         const GradientGridExprs &grid) {
    return select(grid.inverse == 0.0F, grid.zero, lowering_of(format).code(x, u, grid, format.bits));
}

Expr lower_round_to_bfloat16(const Expr &x) {
    const Expr bits = Halide::reinterpret<uint32_t>(x);
    const auto u32 = [](uint32_t value) { return Halide::Internal::make_const(Halide::UInt(32), value); };
    const Expr rounded = (bits + u32(0x7FFF) + ((bits >> 16) & 1)) & u32(0xFFFF0000);
    const Expr nan = (bits | u32(0x400000)) & u32(0xFFFF0000);
    return Halide::reinterpret<float>(select((bits & u32(0x7FFFFFFF)) > u32(0x7F800000), nan, rounded));
}

}  // namespace quantide
