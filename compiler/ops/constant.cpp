#include "compiler/ops/rules.h"

namespace quantide {

// Made by Graph::add_constant, which gives the value its type; there is no rule to apply.
const OpDef constant_op = {
    .name = "constant",
    .summary = "numbers that are part of the program",
    .infer = [](const Graph &, const Node &node) -> std::vector<Value> {
        throw InternalError(fmt::format("constant '{}' was not made by add_constant", node.name));
    },
    .gradient = no_gradient,
};

}  // namespace quantide
