#include "compiler/lower/arithmetic.h"

#include "compiler/ops/rules.h"

namespace quantide {

Arithmetic choose_arithmetic(GroupLowering &group, const Node &node, const char *kind) {
    const Value &x = group.graph.value(node.inputs[0]), &w = group.graph.value(node.inputs[1]);
    const bool counts = x.type.bits < 8 && w.type.bits < 8 && weight_view(w.encoding).twice_middle() == 0;
    const bool bytes = !counts;
    group.kernel.family = fmt::format("{}/{}", kind, bytes ? "bytes" : "popcount");
    group.kernel.operands = fmt::format("w{}a{}", w.type.bits, x.type.bits);
    return bytes ? Arithmetic::Bytes : Arithmetic::Popcount;
}

}  // namespace quantide
