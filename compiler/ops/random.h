#pragma once
#include "compiler/base/philox.h"
#include "compiler/ops/rules.h"

namespace quantide {

/** Checks that input `i` is the key of a step's random numbers: UInt(32) [3], see `random_key`. */
void check_random_key(const Graph &graph, const Node &node, size_t i);

/** The numbers that a node draws in a step, word i for element i in row-major order: of the node's attribute
 * `stream`, `ahead` steps after the key's. */
RandomStream random_stream(const Node &node, std::span<const uint32_t> key);

/** The word that element i of a gradient [N, C, ...], in row-major order, takes: with the channels innermost,
 * eight neighbours are made of the same word of eight blocks, and 32 of all words of those. */
uint64_t gradient_word(const Shape &shape, uint64_t i);

/** The share of elements that a dropout takes out, in [0, 1). */
double check_dropout_rate(const Node &node);

}  // namespace quantide
