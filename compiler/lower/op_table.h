#pragma once
#include "compiler/lower/group_lowering.h"

namespace quantide {

#define OP(name) void lower_##name(GroupLowering &, const Node &);
#include "compiler/ops/ops.inc"
#undef OP

/** Adds a node's Funcs to its group: the lower_NAME of its op. */
void lower_node(GroupLowering &group, const Node &node);

}  // namespace quantide
