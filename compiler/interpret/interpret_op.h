#pragma once
#include "compiler/ir/graph.h"

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

#define OP(name) void interpret_##name(Interpretation &op);
#include "compiler/ops/ops.inc"
#undef OP

}  // namespace quantide
