#pragma once
#include "compiler/lower/group_lowering.h"

namespace quantide {

/** How an integer product is computed: by counting the ones of pairs of bit planes, or by dot products of
 * bytes. */
enum class Arithmetic : uint8_t { Popcount, Bytes };

/** Chooses the arithmetic of an integer product that is the fastest on the kernel's target, and sets the
 * kernel's family ("dense/popcount", "conv2d/bytes", ...) and operands ("w1a2"). */
Arithmetic choose_arithmetic(GroupLowering &group, const Node &node, const char *kind);

}  // namespace quantide
