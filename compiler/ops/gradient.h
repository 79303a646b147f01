#pragma once
#include "compiler/ops/rules.h"
#include "compiler/quantizers/gradient_format.h"

#include <optional>

namespace quantide {

/** What the gradient of an output is kept in, input 0 of a node: of the attribute `format`, with its range as
 * last input; none where it is float32. */
std::optional<GradientFormat> format_of_gradient(const Node &node);

/** Checks that input 0 is such a gradient of `shape`. Codes meet integers: with a format input 1, if it is
 * another than the range, is of an encoding. */
void check_gradient(const Graph &graph, const Node &node, const Shape &shape);

/** How many inputs a product of a gradient and something else has. */
size_t product_inputs(const Node &node);

}  // namespace quantide
