#include "compiler/lower/random.h"

namespace quantide {

using Halide::cast;
using Halide::Expr;
using Halide::Var;

namespace {

Expr u32(uint32_t value) { return Halide::Internal::make_const(Halide::UInt(32), value); }

/** philox() of compiler/base/philox.h. */
std::array<Expr, 4> philox(std::array<Expr, 4> counter, std::array<Expr, 2> key) {
    const auto product = [](uint32_t a, const Expr &b) { return cast<uint64_t>(u32(a)) * cast<uint64_t>(b); };
    for (int round = 0; round < 10; ++round) {
        const Expr a = product(0xD2511F53, counter[0]), b = product(0xCD9E8D57, counter[2]);
        counter = {cast<uint32_t>(b >> 32) ^ counter[1] ^ key[0], cast<uint32_t>(b),
                   cast<uint32_t>(a >> 32) ^ counter[3] ^ key[1], cast<uint32_t>(a)};
        key = {key[0] + u32(0x9E3779B9), key[1] + u32(0xBB67AE85)};
    }
    return counter;
}

/** The place of an element in row-major order; coordinates are channels first. */
Expr flat_index(const Shape &shape, const std::vector<Var> &at) {
    const auto extent = [&](size_t i) { return u32(static_cast<uint32_t>(shape[i])); };
    const auto place = [&](size_t i) { return cast<uint32_t>(Expr(at[i])); };
    switch (shape.size()) {
        case 1:
            return place(0);
        case 2:
            return place(1) * extent(1) + place(0);
        default:
            internal_check(shape.size() == 4, "random numbers of rank {}", shape.size());
            return ((place(3) * extent(1) + place(0)) * extent(2) + place(2)) * extent(3) + place(1);
    }
}

/** uniform() of word `lane` of a block of the node's stream; `key` is the value of the step's key. */
Expr uniform_of(GroupLowering &group, const Node &node, ValueId key, const Expr &block, const Expr &lane) {
    const auto key_word = [&](int word) { return Expr(group.operand(key)(word)); };
    const std::array<Expr, 4> words =
        philox({block, u32(0), u32(static_cast<uint32_t>(node.integer("stream"))),
                key_word(2) + u32(static_cast<uint32_t>(node.integer("ahead")))},
               {key_word(0), key_word(1)});
    const Expr word = Halide::select(lane == 0, words[0], lane == 1, words[1], lane == 2, words[2], words[3]);
    return cast<float>(cast<int32_t>(word >> 8)) * 0x1p-24F;
}

}  // namespace

Expr random_uniform(GroupLowering &group, const Node &node, const std::vector<Var> &at) {
    const Expr i = flat_index(group.graph.value(node.outputs[0]).shape, at);
    return uniform_of(group, node, node.inputs[1], i / 4, i % 4);
}

// Signed: Halide knows what divisions of an index do that cannot overflow, and so that four vectors of
// neighbours have their blocks in common.
Expr gradient_uniform(GroupLowering &group, const Node &node, const std::vector<Var> &at) {
    const Shape &shape = group.graph.value(node.outputs[0]).shape;
    internal_check(element_count(shape, 1, node.name) <= INT32_MAX, "{}: a gradient of {}", node.name,
                   to_string(shape));
    const auto extent = [&](size_t i) { return static_cast<int>(shape[i]); };
    const Expr position = shape.size() == 2 ? Expr(at[1]) : (at[3] * extent(2) + at[2]) * extent(3) + at[1];
    const Expr i = position * extent(1) + at[0];
    return uniform_of(group, node, node.inputs[2], cast<uint32_t>(i / 32 * 8 + i % 8), i % 32 / 8);
}

}  // namespace quantide
