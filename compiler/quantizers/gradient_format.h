#pragma once
#include "compiler/ir/type.h"

#include <span>
#include <string>

namespace quantide {

/** The grid of one gradient: code c stands for scale * (c - zero). */
struct GradientGrid {
    /** 0 of a gradient whose largest magnitude is below 2^-90, NaN of one that reaches 2^90 or is not finite:
     * what is made of it shows that training has diverged. */
    float scale = 0;
    /** 1 / scale, rounded; 0 where `scale` is 0 or NaN, so that every code is `zero`. */
    float inverse = 0;
    int32_t zero = 0;
};

/** One row of the table of gradient formats: how a gradient is kept for the two products of backward. The
 * grid comes from the gradient itself, at every step. */
struct GradientFormatDef {
    const char *name;
    /** One sentence with the paper, for `quantide list` and the docs. */
    const char *summary;
    /** The widths that it comes in; where that is more than one, a text names it: "stochastic_uniform(6)". */
    int least_bits, most_bits;
    /** Whether codes are drawn: unbiased, the mean of what a number may become is that number. */
    bool stochastic;
    /** What one code is kept in. Float(32) of bfloat16 alone, which has no codes and no grid. */
    ElementType (*type)(int bits);
    /** The largest |code - zero|. */
    int64_t (*largest)(int bits);
    /** The grid of a gradient whose numbers lie in [low, high] (see the op range). */
    GradientGrid (*grid)(float low, float high, int bits);
    /** The code of x, given a number u drawn from [0, 1). */
    int32_t (*code)(float x, float u, const GradientGrid &grid, int bits);
    /** The format of the gradient that goes to the weights, where that is another. */
    const char *of_weights = nullptr;
};

/** A row of the table and a width. */
struct GradientFormat {
    const GradientFormatDef *def;
    int bits;

    /** What find_gradient_format reads: "stochastic_uniform(6)". */
    std::string text() const;
    bool stochastic() const { return def->stochastic; }
    bool has_codes() const { return def->grid != nullptr; }
    ElementType type() const { return def->type(bits); }
    int64_t largest() const { return def->largest(bits); }
    GradientGrid grid(std::span<const float> range) const { return def->grid(range[0], range[1], bits); }
    int32_t code(float x, float u, const GradientGrid &grid) const { return def->code(x, u, grid, bits); }
    /** The format for the gradient of the weights. */
    GradientFormat of_weights() const;
};

/** The format of that text. Throws CompileError that lists the known ones, or says which widths there are. */
GradientFormat find_gradient_format(const std::string &text);

/** Whether a text names one, of whatever width. */
bool is_gradient_format(const std::string &text);

/** Every row, in the table's order. */
std::span<const GradientFormatDef> all_gradient_formats();

/** What users may write: "bfloat16, stochastic_uniform(2..8), ...". */
std::string known_gradient_formats();

/** x with the eight significant bits of bfloat16: to nearest, ties to even; NaN stays one. */
float round_to_bfloat16(float x);

}  // namespace quantide
