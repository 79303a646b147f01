#include "compiler/ops/random.h"

namespace quantide {

void check_random_key(const Graph &graph, const Node &node, size_t i) {
    const Value &key = input_value(graph, node, i);
    user_check(key.type == UInt(32) && key.shape == Shape{3}, "{} '{}': expected a key u32[3], found {}{}",
               node.op, node.name, to_string(key.type), to_string(key.shape));
}

RandomStream random_stream(const Node &node, std::span<const uint32_t> key) {
    return {.seed = uint64_t{key[1]} << 32 | key[0],
            .stream = static_cast<uint32_t>(node.integer("stream")),
            .step = key[2] + static_cast<uint32_t>(node.integer("ahead"))};
}

uint64_t gradient_word(const Shape &shape, uint64_t i) {
    const auto channels = static_cast<uint64_t>(shape.at(1)),
               positions = static_cast<uint64_t>(planes_of(shape).positions);
    const uint64_t row = i / positions / channels, channel = i / positions % channels;
    const uint64_t place = (row * positions + i % positions) * channels + channel;
    return place / 32 * 32 + place % 8 * 4 + place % 32 / 8;
}

double check_dropout_rate(const Node &node) {
    const double rate = node.real("rate");
    user_check(rate >= 0 && rate < 1, "{} '{}': expected a rate in [0, 1), found {}", node.op, node.name,
               rate);
    return rate;
}

}  // namespace quantide
