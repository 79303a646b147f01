#include "compiler/quantizers/gradient_format.h"

#include "compiler/base/error.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

namespace quantide {

namespace {

constexpr float kLeast = 0x1p-90F, kMost = 0x1p90F;

int32_t bits_of(float x) { return std::bit_cast<int32_t>(x); }

float power_of_two(int exponent) { return std::bit_cast<float>((exponent + 127) << 23); }

/** floor(log2 x) of a normal number above 0. */
int exponent_of(float x) { return (bits_of(x) >> 23) - 127; }

float magnitude(float low, float high) { return std::max(-low, high); }

/** Scales where `extent`, that of a gradient's numbers, has a grid. */
GradientGrid with_extent(float extent, const GradientGrid &grid) {
    if (!(extent < kMost)) {
        return {.scale = std::numeric_limits<float>::quiet_NaN()};
    }
    return extent < kLeast ? GradientGrid{} : grid;
}

/** floor(t) or the next integer, the latter with the probability t - floor(t). */
float draw(float t, float u) { return std::floor(t) + (u < t - std::floor(t) ? 1.0F : 0.0F); }

int32_t clamped(float q, int32_t low, int32_t high) {
    return static_cast<int32_t>(std::clamp(q, static_cast<float>(low), static_cast<float>(high)));
}

int32_t uniform_largest(int bits) { return (1 << (bits - 1)) - 1; }

// 2^k - 1 levels that are symmetric about 0, the outer ones +-max |x|.
GradientGrid uniform_grid(float low, float high, int bits) {
    const float most = magnitude(low, high), steps = static_cast<float>(uniform_largest(bits));
    return with_extent(most, {.scale = most / steps, .inverse = steps / most});
}

int32_t uniform_code(float x, float u, const GradientGrid &grid, int bits) {
    const int32_t largest = uniform_largest(bits);
    return grid.inverse == 0 ? 0 : clamped(draw(x * grid.inverse, u), -largest, largest);
}

/** The exponent of the largest power: there are as many powers as a sign and 0 leave codes for. */
int top_power(int bits) { return (1 << (bits - 1)) - 2; }

// 0 and +-2^0 .. 2^top, the largest no less than max |x|.
GradientGrid power_grid(float low, float high, int bits) {
    const float most = magnitude(low, high);
    const bool is_power = (bits_of(most) & 0x7FFFFF) == 0;
    const int exponent = exponent_of(most) + (is_power ? 0 : 1) - top_power(bits);
    return with_extent(most, {.scale = power_of_two(exponent), .inverse = power_of_two(-exponent)});
}

// Below the least power 0 or that. t / power - 1 is exact.
int32_t power_code(float x, float u, const GradientGrid &grid, int) {
    if (grid.inverse == 0) {
        return 0;
    }
    const float t = std::fabs(x) * grid.inverse;
    const float power = t < 1 ? 0 : power_of_two(exponent_of(t));
    const float step = t < 1 ? 1 : power;
    const auto q = static_cast<int32_t>(power + (u * step < t - power ? step : 0));
    return x < 0 ? -q : q;
}

constexpr int32_t kByteSteps = 254, kLargestByte = 255;

// The range takes in 0, which lies on the grid: a gradient of 0 stays one, and so does a convolution's
// padding. Of the 255 steps of a byte that costs one.
GradientGrid byte_grid(float low, float high, int) {
    const float bottom = std::min(low, 0.0F), width = std::max(high, 0.0F) - bottom;
    const float steps = static_cast<float>(kByteSteps);
    GradientGrid grid = with_extent(width, {.scale = width / steps, .inverse = steps / width});
    grid.zero = clamped(std::ceil(grid.inverse == 0 ? 0 : -bottom * grid.inverse), 0, kLargestByte);
    return grid;
}

int32_t byte_code(float x, float u, const GradientGrid &grid, int) {
    return grid.inverse == 0
               ? grid.zero
               : clamped(draw(x * grid.inverse, u) + static_cast<float>(grid.zero), 0, kLargestByte);
}

// fix(x, NOB, NOIB) of Courbariaux et al. 2015 with NOB = bits - 1 and the least NOIB that max |x| < 2^NOIB
// has, as in Das et al. 2018: each step finds its own, where the former moves it by counted overflows.
GradientGrid fixed_grid(float low, float high, int bits) {
    const float most = magnitude(low, high);
    const int exponent = exponent_of(most) + 1 - (bits - 1);
    return with_extent(most, {.scale = power_of_two(exponent), .inverse = power_of_two(-exponent)});
}

int32_t fixed_code(float x, float, const GradientGrid &grid, int bits) {
    const int32_t largest = uniform_largest(bits);
    return grid.inverse == 0 ? 0 : clamped(std::nearbyint(x * grid.inverse), -largest, largest);
}

ElementType integers_of(int64_t largest) { return Int(largest < 128 ? 8 : largest < 32768 ? 16 : 32); }
ElementType uniform_type(int bits) { return integers_of(uniform_largest(bits)); }
ElementType power_type(int bits) { return integers_of(int64_t{1} << top_power(bits)); }
ElementType byte_type(int) { return UInt(8); }
int64_t byte_largest(int) { return kLargestByte; }

const GradientFormatDef kFormats[] = {
    {.name = "bfloat16",
     .summary = "eight significant bits, to nearest even; products are summed in float32",
     .least_bits = 16,
     .most_bits = 16,
     .stochastic = false,
     .type = [](int) { return Float(32); },
     .largest = nullptr,
     .grid = nullptr,
     .code = nullptr},
    {.name = "stochastic_uniform",
     .summary = "2^k - 1 even levels up to max |x|, rounded at random, unbiased: for the 6 bits of Hubara et "
                "al. 2016 (the estimator is ours)",
     .least_bits = 2,
     .most_bits = 8,
     .stochastic = true,
     .type = uniform_type,
     .largest = [](int bits) { return int64_t{uniform_largest(bits)}; },
     .grid = uniform_grid,
     .code = uniform_code},
    {.name = "stochastic_log_quant",
     .summary = "0 and powers of two up to max |x|, rounded at random, unbiased: LogQuant (Hubara et al. "
                "2016; the estimator is ours)",
     .least_bits = 2,
     .most_bits = 6,
     .stochastic = true,
     .type = power_type,
     .largest = [](int bits) { return int64_t{1} << top_power(bits); },
     .grid = power_grid,
     .code = power_code},
    {.name = "stochastic_int8",
     .summary = "bytes from min to max, rounded at random, for both products (Banner et al. 2018, without "
                "bifurcation)",
     .least_bits = 8,
     .most_bits = 8,
     .stochastic = true,
     .type = byte_type,
     .largest = byte_largest,
     .grid = byte_grid,
     .code = byte_code},
    {.name = "bifurcated_int8",
     .summary = "stochastic_int8 for the gradient of the input, dynamic_fixed_point(16) for that of the "
                "weights (Banner et al. 2018)",
     .least_bits = 8,
     .most_bits = 8,
     .stochastic = true,
     .type = byte_type,
     .largest = byte_largest,
     .grid = byte_grid,
     .code = byte_code,
     .of_weights = "dynamic_fixed_point(16)"},
    {.name = "dynamic_fixed_point",
     .summary = "integers of one exponent, that of max |x|, to nearest even (Courbariaux et al. 2015; Das et "
                "al. 2018)",
     .least_bits = 2,
     .most_bits = 16,
     .stochastic = false,
     .type = uniform_type,
     .largest = [](int bits) { return int64_t{uniform_largest(bits)}; },
     .grid = fixed_grid,
     .code = fixed_code},
};

const GradientFormatDef *find_row(const std::string &text) {
    const std::string name = text.substr(0, text.find('('));
    const auto *const row = std::find_if(std::begin(kFormats), std::end(kFormats),
                                         [&](const GradientFormatDef &def) { return name == def.name; });
    return row == std::end(kFormats) ? nullptr : row;
}

}  // namespace

std::string GradientFormat::text() const {
    return def->least_bits == def->most_bits ? def->name : fmt::format("{}({})", def->name, bits);
}

GradientFormat GradientFormat::of_weights() const {
    return def->of_weights == nullptr ? *this : find_gradient_format(def->of_weights);
}

GradientFormat find_gradient_format(const std::string &text) {
    const GradientFormatDef *row = find_row(text);
    user_check(row != nullptr, "unknown gradients '{}': expected one of {}", text, known_gradient_formats());
    for (int bits = row->least_bits; bits <= row->most_bits; ++bits) {
        if (text == GradientFormat{row, bits}.text()) {
            return {row, bits};
        }
    }
    throw CompileError(fmt::format("gradients '{}': expected {} to {} bits, as in {}", text, row->least_bits,
                                   row->most_bits, GradientFormat{row, row->most_bits}.text()));
}

bool is_gradient_format(const std::string &text) { return find_row(text) != nullptr; }

std::span<const GradientFormatDef> all_gradient_formats() { return kFormats; }

std::string known_gradient_formats() {
    std::string known = "float32";
    for (const GradientFormatDef &row : kFormats) {
        known += row.least_bits == row.most_bits
                     ? fmt::format(", {}", row.name)
                     : fmt::format(", {}({}..{})", row.name, row.least_bits, row.most_bits);
    }
    return known;
}

float round_to_bfloat16(float x) {
    const auto bits = std::bit_cast<uint32_t>(x);
    const uint32_t rounded = (bits + 0x7FFF + (bits >> 16 & 1)) & 0xFFFF0000;
    return std::bit_cast<float>((bits & 0x7FFFFFFF) > 0x7F800000 ? (bits | 0x400000) & 0xFFFF0000 : rounded);
}

}  // namespace quantide
