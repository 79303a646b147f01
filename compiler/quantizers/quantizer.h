#pragma once
#include "compiler/base/philox.h"
#include "compiler/ir/array.h"

#include <span>
#include <string>

namespace quantide {

/** One row of the quantizer table. Rows are listed in quantizers.inc; each is defined in NAME.cpp and, in
 * Halide, in NAME_lower.cpp. Users add their own by add_quantizer (quantizer_lower.h). Functions take the
 * width of a code in bits. */
struct QuantizerDef {
    const char *name;
    /** One sentence with the paper, for `quantide list` and the docs. */
    const char *summary;
    /** The widths that it comes in; where that is more than one, a text names it: "symmetric(2)". */
    int least_bits, most_bits;
    /** What the codes stand for; a code grows with its number. */
    Encoding (*encoding)(int bits);
    /** The code of a real number, below 2^bits: the meaning that every target keeps. It does not fall with x;
     * that of NaN is 0. */
    uint32_t (*code)(float x, int bits);
    /** The surrogate gradient: what dy/dx is taken to be at x (straight-through estimator). */
    float (*surrogate)(float x, int bits);
    /** The same for a latent weight, which is clipped to [-1, 1] after each update. Null: 1 everywhere. */
    float (*weight_surrogate)(float x, int bits);
    /** The smooth stand-in that the float32 rival of a network uses: an op's name, or null. */
    const char *float_activation;
    /** In training the code of x, given a number u drawn from [0, 1). Null: code(x). */
    uint32_t (*drawn_code)(float x, float u, int bits) = nullptr;
    /** The quantizer that takes its place in a deployed network, of equal code and encoding. Null: itself. */
    const char *deployed = nullptr;
};

/** A row of the table and the width of its codes. */
struct Quantizer {
    const QuantizerDef *def;
    int bits;

    /** What find_quantizer reads: "symmetric(2)". */
    std::string text() const;
    /** For names of values: "symmetric2". */
    std::string name() const;
    ElementType type() const { return UInt(bits); }
    Encoding encoding() const { return def->encoding(bits); }
    uint32_t code(float x) const { return def->code(x, bits); }
    float surrogate(float x) const { return def->surrogate(x, bits); }
    bool stochastic() const { return def->drawn_code != nullptr; }
    /** What takes its place in a deployed network. */
    Quantizer deployed() const;
};

/** The quantizer of that text: "sign", "symmetric(2)". Throws CompileError that lists the known ones, or says
 * which widths there are. */
Quantizer find_quantizer(const std::string &text);

/** The least float32 number above sqrt(1/2). */
constexpr float kAboveSqrtHalf = 0x1.6a09e8p-1F;

/** The code of AP2(x) = sign(x) 2^round(log2 |x|) among powers of two; below the smallest that of 0, above
 * the largest its own, of NaN 0. */
uint32_t nearest_power(const Encoding &encoding, float x);

/** The codes of float32 numbers, in logical layout. */
Array quantize(const Quantizer &quantizer, const Array &x);

/** The same as a training step draws them, number i by the stream's word i; for stochastic quantizers. */
Array quantize(const Quantizer &quantizer, const Array &x, const RandomStream &random);

/** Adds a row that only the interpreter knows; for compiled kernels see quantizer_lower.h. */
void add_quantizer(const QuantizerDef &row);

/** Every row: the table's in its order, then those that were added. */
std::span<const QuantizerDef *const> all_quantizers();

/** Every row in each of its widths. */
std::vector<Quantizer> all_widths();

#define QUANTIZER(name) extern const QuantizerDef name##_quantizer;
#include "compiler/quantizers/quantizers.inc"
#undef QUANTIZER

}  // namespace quantide
