#include "compiler/lower/op_table.h"

namespace quantide {

// What a graph starts from is memory, never part of a group.
#define SOURCE(op_name)                                                                       \
    void lower_##op_name(GroupLowering &, const Node &node) {                                 \
        throw InternalError(fmt::format("{} '{}' is in a fusion group", node.op, node.name)); \
    }
SOURCE(input)
SOURCE(parameter)
SOURCE(constant)
SOURCE(scalar)
SOURCE(random_key)
SOURCE(labels)
#undef SOURCE

}  // namespace quantide
