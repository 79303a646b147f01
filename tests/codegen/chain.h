#pragma once
#include "compiler/codegen/library.h"
#include "compiler/lower/lower.h"

namespace quantide {

/** A program of tiny hand-made kernels, so that code generation is tested without passes and schedules:
 * uint8 [batch][features] in; `steps` times y = popcount(x ^ w) + x, modulo 256; then float 0.5 y + 0.25 out.
 * programs/chain.h computes the same in C. */
Program make_chain(const std::string &name, int features, int steps);

/** Element i of the constant of a step. */
inline uint8_t chain_constant(int step, int i) { return static_cast<uint8_t>(37 * (step + 1) + 11 * i); }

/** Stands in for lower_group. */
Kernel lower_chain(const Graph &graph, int group, const LowerOptions &options);

/** What the chain makes of one element. */
float chain_reference(uint8_t x, int i, int steps);

}  // namespace quantide
