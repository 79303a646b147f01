#pragma once
#include "compiler/quantizers/quantizer.h"

#include <Halide.h>

namespace quantide {

/** A quantizer in Halide, bit for bit what its row of the table says; codes are Int(32). */
struct QuantizerLowering {
    Halide::Expr (*code)(const Halide::Expr &x, int bits);
    Halide::Expr (*surrogate)(const Halide::Expr &x, int bits);
    /** Where the row has one. */
    Halide::Expr (*drawn_code)(const Halide::Expr &x, const Halide::Expr &u, int bits) = nullptr;
};

/** That of a row. */
const QuantizerLowering &lowering_of(const QuantizerDef &row);

/** Adds a quantizer from outside the table: a user's own, in a file of its own, as
 *
 *     const QuantizerDef mine = {...};
 *     const QuantizerLowering mine_in_halide = {...};
 *     const bool added = add_quantizer(mine, mine_in_halide);
 *
 * Before main; both must stay. Throws CompileError for a name that is taken or no name, and for widths
 * outside 1..8. */
bool add_quantizer(const QuantizerDef &row, const QuantizerLowering &lowering);

/** nearest_power in Halide. */
Halide::Expr nearest_power(const Encoding &encoding, const Halide::Expr &x);

/** 1 where low <= x <= high, else 0, also for NaN. */
Halide::Expr between(const Halide::Expr &x, float low, float high);

/** 1 where |x| <= bound, else 0, also for NaN. */
Halide::Expr within(const Halide::Expr &x, float bound);

#define QUANTIZER(name) extern const QuantizerLowering name##_lowering;
#include "compiler/quantizers/quantizers.inc"
#undef QUANTIZER

}  // namespace quantide
