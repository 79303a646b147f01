#include "compiler/lower/op_table.h"
#include "compiler/ops/range_lower.h"

namespace quantide {

using Halide::Expr;
using Halide::Func;
using Halide::RDom;
using Halide::Var;

// Every lane has the range of some channels of a row; the last channel may be looked at twice.
void lower_row_range(GroupLowering &group, const Node &node) {
    constexpr int kLanes = 16;
    const Shape &shape = group.graph.value(node.inputs[0]).shape;
    const Func x = group.elements(node.inputs[0]);
    const int channels = static_cast<int>(shape[1]);
    std::vector<Halide::Range> ranges{{0, (channels + kLanes - 1) / kLanes}};
    for (size_t i = shape.size(); i-- > 2;) {
        ranges.emplace_back(0, static_cast<int>(shape[i]));
    }
    const RDom r(ranges, "block");
    const Var lane("lane"), row("row"), end("end");
    std::vector<Expr> at{Halide::min(Halide::likely(kLanes * r[0] + lane), channels - 1)};
    for (int i = 1; i < r.dimensions(); ++i) {
        at.emplace_back(r[i]);
    }
    at.emplace_back(row);
    Func ends("ends"), whole("whole"), range("range");
    ends(lane, row) = Halide::Tuple(INT32_MAX, INT32_MIN);
    ends(lane, row) = Halide::Tuple(Halide::min(ends(lane, row)[0], order_key(x(at))),
                                    Halide::max(ends(lane, row)[1], order_key(x(at))));
    ends.bound(lane, 0, kLanes);
    const RDom lanes(0, kLanes, "lane");
    whole(row) = Halide::Tuple(INT32_MAX, INT32_MIN);
    whole(row) = Halide::Tuple(Halide::min(whole(row)[0], ends(lanes, row)[0]),
                               Halide::max(whole(row)[1], ends(lanes, row)[1]));
    range(row, end) = range_end(whole(row)[0], whole(row)[1], end);
    group.stage("sums", ends);
    group.stage("whole", whole);
    group.kernel.family = "row_range";
    group.define(node.outputs[0], range);
}

}  // namespace quantide
