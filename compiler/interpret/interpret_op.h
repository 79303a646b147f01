#pragma once
#include "compiler/ops/rules.h"

namespace quantide {

/** What the meaning of one op sees: its node, its operands and its results, zeros on entry, all in logical
 * layout with the batch filled in. */
struct Interpretation {
    const Graph &graph;
    const Node &node;
    std::vector<const Array *> inputs;
    std::vector<Array> outputs;

    const Array &in(size_t i) const { return *inputs.at(i); }
    Array &out(size_t i) { return outputs.at(i); }
    const Value &input_value(size_t i) const { return graph.value(node.inputs.at(i)); }
    /** Rows and columns of input `i`, a matrix. */
    int64_t rows(size_t i) const { return in(i).shape.at(0); }
    int64_t columns(size_t i) const { return in(i).shape.at(1); }
};

/** The integers q of an encoded operand by a view of its encoding. */
std::vector<int32_t> integers(const Interpretation &op, size_t i, const IntegerView &view);

/** The float32 numbers that an operand stands for. */
std::vector<float> numbers(const Interpretation &op, size_t i);

/** The same in double, for training ops: their float32 kernels are held to these within derived tolerances.
 */
std::vector<double> doubles(const Interpretation &op, size_t i);
void store(Array &array, const std::vector<double> &values);

/** The same of the gradient that is input 0 of a product, in whatever format. */
std::vector<double> gradient_doubles(const Interpretation &op);

/** Element i of an array of signed integers or of UInt(8). */
int64_t integer_at(const Array &array, size_t i);
void set_integer(Array &array, size_t i, int64_t value);

/** The smallest and the largest number in the total order of IEEE 754; NaN twice where there is one. */
std::pair<float, float> range_of(std::span<const float> x);

/** The channel of element i of a value [N, C] or [N, C, H, W]. */
size_t channel_of(const Shape &shape, size_t i);

/** Where an operand of a number a channel (and kind of position) keeps that of element i of input 0; see
 * check_channel_operand. */
size_t channel_operand_index(const Interpretation &op, size_t i);

#define OP(name) void interpret_##name(Interpretation &op);
#include "compiler/ops/ops.inc"
#undef OP

}  // namespace quantide
