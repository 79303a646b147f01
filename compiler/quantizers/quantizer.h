#pragma once
#include "compiler/base/philox.h"
#include "compiler/ir/array.h"

#include <span>
#include <string>

namespace quantide {

/** One row of the quantizer table. Rows are listed in quantizers.inc; each is defined in NAME.cpp and, in
 * Halide, in NAME_lower.cpp. */
struct QuantizerDef {
    const char *name;
    /** One sentence with the paper, for `quantide list` and the docs. */
    const char *summary;
    /** The element type and encoding of the codes. */
    ElementType type;
    Encoding encoding;
    /** The code of a real number: the meaning that every target keeps. */
    uint32_t (*code)(float x);
    /** The surrogate gradient: what dy/dx is taken to be at x (straight-through estimator). */
    float (*surrogate)(float x);
    /** The same for a latent weight, which is clipped after each update. Null: 1 everywhere. */
    float (*weight_surrogate)(float x);
    /** The smooth stand-in that the float32 rival of a network uses: an op's name, or null. */
    const char *float_activation;
    /** In training the code of x, given a number u drawn from [0, 1). Null: code(x). */
    uint32_t (*drawn_code)(float x, float u) = nullptr;
    /** The quantizer that takes its place in a deployed network, of equal code and encoding. Null: itself. */
    const char *deployed = nullptr;
};

/** The quantizer of that name. Throws CompileError that lists the known ones. */
const QuantizerDef &find_quantizer(const std::string &name);

/** The codes of float32 numbers, in logical layout. */
Array quantize(const QuantizerDef &quantizer, const Array &x);

/** The same as a training step draws them, number i by the stream's word i; `quantizer.drawn_code` is not
 * null. */
Array quantize(const QuantizerDef &quantizer, const Array &x, const RandomStream &random);

/** Every quantizer, in the table's order. */
std::span<const QuantizerDef *const> all_quantizers();

#define QUANTIZER(name) extern const QuantizerDef name##_quantizer;
#include "compiler/quantizers/quantizers.inc"
#undef QUANTIZER

}  // namespace quantide
