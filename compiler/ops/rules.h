#pragma once
#include "compiler/ops/op.h"

namespace quantide {

/** The value of input `i`, or CompileError when the op has fewer inputs. */
const Value &input_value(const Graph &graph, const Node &node, size_t i);

/** Checks that an op has exactly `count` inputs. */
void check_inputs(const Graph &graph, const Node &node, size_t count);

/** Checks that input `i` is float32 of `shape`. */
void check_float(const Graph &graph, const Node &node, size_t i, const Shape &shape);

/** Checks that input `i` has two dimensions [rows, columns] and returns it. */
const Value &check_matrix(const Graph &graph, const Node &node, size_t i);

/** The attribute `shape` of a source: at least one extent, all positive, their product in range. */
const Shape &check_shape(const Node &node);

/** kBatch, or the number that the pass fix_batch put in its place. */
int64_t batch_extent(const Node &node);

/** A float32 value named after the layer. */
Value float_value(const Node &node, Shape shape, const std::string &suffix = "");

/** Checks the operands of a loss: float32 scores [N, C] and labels u8[N]. Returns the scores. */
const Value &check_loss(const Graph &graph, const Node &node);

/** The shape rule of an op that maps float32 [N, C] to the same, elementwise. */
std::vector<Value> infer_elementwise(const Graph &graph, const Node &node);

/** The gradient of an op that has none: no input gets one. */
std::vector<ValueId> no_gradient(Graph &graph, const Node &node, std::span<const ValueId> output_gradients);

}  // namespace quantide
