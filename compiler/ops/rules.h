#pragma once
#include "compiler/ops/op.h"
#include "compiler/ops/window.h"

namespace quantide {

/** The value of input `i`, or CompileError when the op has fewer inputs. */
const Value &input_value(const Graph &graph, const Node &node, size_t i);

/** Checks that an op has exactly `count` inputs. */
void check_inputs(const Graph &graph, const Node &node, size_t count);

/** Checks that input `i` is float32 of `shape`. */
void check_float(const Graph &graph, const Node &node, size_t i, const Shape &shape);

/** Checks that input `i` has two dimensions [rows, columns] and returns it. */
const Value &check_matrix(const Graph &graph, const Node &node, size_t i);

/** Checks that input `i` is a batch of vectors [N, C] or images [N, C, H, W] and returns it. */
const Value &check_features(const Graph &graph, const Node &node, size_t i);

/** Checks that input `i` is a batch of images [N, C, H, W] and returns it. */
const Value &check_images(const Graph &graph, const Node &node, size_t i);

/** The window of a pooling of input `i`. Throws CompileError where a window may lie in the padding alone. */
Window check_pool(const Graph &graph, const Node &node, size_t i = 0);

/** The shape [M, row kinds, column kinds] of what weights `w` contribute to a convolution of an `image` [H,
 * W], attribute of the node beside those of its window. */
Shape kinds_of(const Value &w, const Node &node);

/** Checks that input `i` is of `type`, a number for each channel of `x` [M], or for each kind of position of
 * a convolution's output [M, row kinds, column kinds] where the node has `borders` (see Borders). */
void check_channel_operand(const Graph &graph, const Node &node, size_t i, const Value &x, ElementType type);

/** The borders of such an operand; none where the node has no attribute `borders`. */
Borders borders_of(const Node &node);

/** The attribute `shape` of a source: at least one extent, all positive, their product in range. */
const Shape &check_shape(const Node &node);

/** kBatch, or the number that the pass fix_batch put in its place. */
int64_t batch_extent(const Node &node);

/** A float32 value named after the layer. */
Value float_value(const Node &node, Shape shape, const std::string &suffix = "");

/** Checks the operands of a loss: float32 scores [N, C] and labels u8[N]. Returns the scores. */
const Value &check_loss(const Graph &graph, const Node &node);

/** The extents of one row of a batch. */
Shape features_of(const Value &value);

/** Checks that the weights of a product are float32 or codes whose integers stand for multiples of one
 * number. */
void check_weights(const Node &node, const Value &w);

/** True of integer_dense and integer_conv2d. */
bool is_integer_product(const Node &node);

/** Whether a product of codes can be counted in ones of pairs of their planes: of both below 8 bits, whose
 * planes add up to their integers, and of weights symmetric about 0. */
bool has_popcounts(const Value &x, const Value &w);

/** Whether an integer product takes the integers of x about their middle, doubled (the attribute `centered`):
 * 2 q - (min + max) instead of q. */
bool is_centered(const Node &product);

/** The largest magnitude of a sum of `depth` products of the operands' integers, and of what leads from a
 * centered product to it. */
int64_t largest_accumulator(const Value &x, const Value &w, int64_t depth, bool centered);

/** Int(32) where no such sum leaves it, else Int(64). */
ElementType accumulator_type(const Value &x, const Value &w, int64_t depth, bool centered);

/** The shape rule of an op on float32 features [N, C] or [N, C, H, W] and a float32 number a channel [C]. */
std::vector<Value> infer_per_channel(const Graph &graph, const Node &node);

/** The shape rule of an op that maps float32 values of one shape to another of it, elementwise. */
std::vector<Value> infer_elementwise(const Graph &graph, const Node &node);

/** The shape rule of an optimizer with two moments: (w, m, v, gradient, rate [1]) -> w, m, v. */
std::vector<Value> infer_two_moments(const Graph &graph, const Node &node);

/** The gradient of an op that has none: no input gets one. */
std::vector<ValueId> no_gradient(Graph &graph, const Node &node, std::span<const ValueId> output_gradients);

}  // namespace quantide
