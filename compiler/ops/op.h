#pragma once
#include "compiler/ir/graph.h"

#include <optional>
#include <span>

namespace quantide {

/** One row of the op table. The rows are listed in ops.inc; each is defined in NAME.cpp (shape rule and
 * gradient), NAME_lower.cpp (its Halide definition) and as interpret_NAME in compiler/interpret (its
 * meaning). */
struct OpDef {
    const char *name;
    /** One sentence for `quantide list` and the docs. */
    const char *summary;
    /** The shape rule: values (name, shape, type, encoding) of the outputs. Throws CompileError that
     * names the layer. */
    std::vector<Value> (*infer)(const Graph &, const Node &);
    /** Adds the nodes that compute the gradients of the inputs from those of the outputs (-1 where
     * none arrives) and returns one value per input, -1 where no gradient flows. Null for an op that
     * is not differentiable. */
    std::vector<ValueId> (*gradient)(Graph &, const Node &, std::span<const ValueId> output_gradients);
};

/** The op of that name. Throws CompileError for an unknown one. */
const OpDef &find_op(const std::string &name);

/** Every op, in the table's order. */
std::span<const OpDef *const> all_ops();

#define OP(name) extern const OpDef name##_op;
#include "compiler/ops/ops.inc"
#undef OP

}  // namespace quantide
