#pragma once
#include "compiler/lower/group_lowering.h"

namespace quantide {

/** uniform() of the random word that a node, whose input 1 is the key, draws for the element of its first
 * output at the coordinates `at` of elements(): see random_stream. */
Halide::Expr random_uniform(GroupLowering &group, const Node &node, const std::vector<Halide::Var> &at);

/** The same of a gradient's codes, whose key is input 2: of word gradient_word(i) for element i. */
Halide::Expr gradient_uniform(GroupLowering &group, const Node &node, const std::vector<Halide::Var> &at);

}  // namespace quantide
