#include "compiler/ops/rules.h"

namespace quantide {

// A trained or running float32 array: vector [rows] or matrix [rows, columns] (columns > 0).
const OpDef parameter_op = {
    .name = "parameter",
    .summary = "a float32 array that training changes and a checkpoint holds",
    .infer = [](const Graph &graph, const Node &node) -> std::vector<Value> {
        check_inputs(graph, node, 0);
        const int64_t columns = node.integer("columns");
        Shape shape{node.integer("rows")};
        if (columns != 0) {
            shape.push_back(columns);
        }
        element_count(shape, 1, fmt::format("parameter '{}'", node.name));
        return {float_value(node, shape)};
    },
    .gradient = no_gradient,
};

}  // namespace quantide
