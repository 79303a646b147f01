#pragma once
#include "compiler/lower/group_lowering.h"

namespace quantide {

/** The sum of the integers of each output's weights over the taps inside the image of the node, or over those
 * in the padding, at each kind of position: (output, column kind, row kind), or (output) without an `image`.
 */
Halide::Func tap_sums(GroupLowering &group, const Node &node, bool inside);

}  // namespace quantide
