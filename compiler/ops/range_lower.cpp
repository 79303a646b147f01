#include "compiler/ops/range_lower.h"

#include "compiler/lower/op_table.h"

namespace quantide {

using Halide::Expr;
using Halide::Func;
using Halide::RDom;
using Halide::Var;

namespace {

/** An integer that orders like the number whose bits it is made of. Its own inverse on the bits. */
Expr ordered(const Expr &bits) { return Halide::select(bits < 0, bits ^ 0x7FFFFFFF, bits); }

}  // namespace

Expr order_key(const Expr &x) { return ordered(Halide::reinterpret<int32_t>(x)); }

Expr range_end(const Expr &least, const Expr &most, const Expr &end) {
    constexpr int32_t kInfinity = 0x7F800000, kNaN = 0x7FC00000;
    const Expr has_nan = least < ~kInfinity || most > kInfinity;
    return Halide::reinterpret<float>(
        Halide::select(has_nan, kNaN, ordered(Halide::select(end == 0, least, most))));
}

// Elements are taken as they lie in memory, whatever the layout: those that are innermost are lanes.
void lower_range(GroupLowering &group, const Node &node) {
    const Value &x = group.graph.value(node.inputs[0]);
    const Halide::ImageParam memory = group.operand(node.inputs[0]);
    const std::vector<int64_t> extents = storage_of(x.shape, x.type, x.layout).extents;
    std::vector<Halide::Range> ranges;
    for (size_t i = 1; i < extents.size(); ++i) {
        internal_check(extents[i] > 0, "{}: the range of a batch of unknown size", node.name);
        ranges.emplace_back(0, static_cast<int>(extents[i]));
    }
    const RDom outer(ranges.empty() ? std::vector<Halide::Range>{{0, 1}} : ranges, "outer");
    const Var lane("lane"), i("i");
    std::vector<Expr> at{lane};
    for (size_t d = 0; d < ranges.size(); ++d) {
        at.emplace_back(outer[static_cast<int>(d)]);
    }
    const Expr key = order_key(memory(at));
    Expr inside = Halide::Internal::const_true();
    if (has_panels(x.layout) && x.shape[0] % 32 != 0) {
        inside = 32 * at.back() + lane < static_cast<int>(x.shape[0]);
    }
    Func extremes("extremes"), whole("whole"), range("range");
    extremes(lane) = Halide::Tuple(INT32_MAX, INT32_MIN);
    extremes(lane) = Halide::Tuple(Halide::min(extremes(lane)[0], Halide::select(inside, key, INT32_MAX)),
                                   Halide::max(extremes(lane)[1], Halide::select(inside, key, INT32_MIN)));
    const RDom lanes(0, static_cast<int>(extents[0]), "lanes");
    whole() = Halide::Tuple(INT32_MAX, INT32_MIN);
    whole() = Halide::Tuple(Halide::min(whole()[0], extremes(lanes)[0]),
                            Halide::max(whole()[1], extremes(lanes)[1]));
    range(i) = range_end(whole()[0], whole()[1], i);
    group.stage("sum", extremes);
    group.stage("whole", whole);
    group.kernel.family = "range";
    group.define(node.outputs[0], range);
}

}  // namespace quantide
