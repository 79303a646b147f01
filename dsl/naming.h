#pragma once
#include "compiler/ir/graph.h"
#include "dsl/precision.h"

namespace quantide {

/** Throws CompileError for a name that is no C identifier. */
void check_name(const std::string &kind, const std::string &name);

/** `wanted`, or the kind with the next number: dense1, dense2, ... Throws CompileError for a name that
 * another layer has, that is reserved, or that is no C identifier. */
std::string layer_name(const Graph &graph, const std::string &kind, const std::string &wanted);

/** A parameter; `init` is "uniform" in [-1, 1], "glorot", "zeros" or "ones". */
ValueId parameter(Graph &graph, const std::string &name, Shape shape, const char *init, bool trainable);

/** What a product's node is told of the precision of its gradients: nothing for float32. Throws CompileError
 * that names the layer for what is no gradient format. */
Attributes gradient_attributes(const std::string &kind, const std::string &layer, const Precision &precision);

/** Throws CompileError that names the layer for a precision that is of gradients alone. */
void check_no_gradient_format(const std::string &what, const Precision &precision);

/** The weights of a layer of a kind in that precision: the parameter NAME.weight, quantized. */
ValueId weights(Graph &graph, const std::string &kind, const std::string &layer, Shape shape,
                const Precision &precision);

/** The attributes of a product that asks for an arithmetic, or not. Throws CompileError naming the layer for
 * an unknown one, and where an operand is float32. */
Attributes arithmetic_of(const Graph &graph, const std::string &layer, const std::string &arithmetic,
                         ValueId x, ValueId weights);

/** What a product draws for its input `x` in its weight gradient, as an attribute of its node; none for
 * float32(). */
Attributes weight_gradient_inputs(const Graph &graph, ValueId x, const std::string &layer,
                                  const Precision &precision);

}  // namespace quantide
