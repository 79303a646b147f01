#include "compiler/lower/op_table.h"

namespace quantide {

namespace {

struct LoweringRow {
    const char *op;
    void (*lower)(GroupLowering &, const Node &);
};

const LoweringRow kLowerings[] = {
#define OP(name) {#name, lower_##name},
#include "compiler/ops/ops.inc"
#undef OP
};

}  // namespace

void lower_node(GroupLowering &group, const Node &node) {
    for (const LoweringRow &row : kLowerings) {
        if (node.op == row.op) {
            row.lower(group, node);
            return;
        }
    }
    throw InternalError(fmt::format("op '{}' has no Halide definition", node.op));
}

}  // namespace quantide
