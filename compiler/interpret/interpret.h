#pragma once
#include "compiler/ir/graph.h"

namespace quantide {

/** Arrays by name: the inputs, labels, scalars and parameters of a graph. */
using Arrays = std::map<std::string, Array>;

/** Computes every value of a graph with naive loops over logical layouts: the definition of what a graph
 * means, which every pass and every target is held to. `bindings` gives the inputs, labels, scalars and
 * parameters by name. Codes take one byte each. Throws CompileError when a binding is missing or has
 * another shape, or when the inputs disagree about the batch. */
std::map<ValueId, Array> interpret(const Graph &graph, const Arrays &bindings);

/** One node's outputs from its operands, in logical layout. */
std::vector<Array> interpret_node(const Graph &graph, const Node &node,
                                  const std::vector<const Array *> &inputs, int64_t batch = 1);

/** Only the graph's outputs. */
std::vector<Array> interpret_outputs(const Graph &graph, const Arrays &bindings);

}  // namespace quantide
