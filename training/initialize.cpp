#include "training/initialize.h"

#include "compiler/base/philox.h"

#include <algorithm>
#include <cmath>
#include <new>

namespace quantide {

namespace {

Array zeros(const Graph &network, const Value &value) {
    try {
        return Array(value.type, value.shape);
    } catch (const std::bad_alloc &) {
        throw CompileError(
            fmt::format("parameter '{}' of network '{}': expected memory for {}{}, found too little",
                        value.name, network.name, to_string(value.type), to_string(value.shape)));
    }
}

}  // namespace

Arrays initial_parameters(const Graph &network, uint64_t seed) {
    Arrays result;
    uint32_t stream = 0;
    for (const Node &node : network.nodes) {
        if (node.op != "parameter") {
            continue;
        }
        const Value &value = network.value(node.outputs[0]);
        Array array = zeros(network, value);
        const std::string &init = node.text("init");
        const auto numbers = array.floats();
        if (init == "ones") {
            std::fill(numbers.begin(), numbers.end(), 1.0F);
        } else if (init != "zeros") {
            const float range =
                init == "glorot" ? std::sqrt(6 / static_cast<float>(fans(value.shape))) : 1.0F;
            const RandomStream random{.seed = seed, .stream = stream};
            for (size_t i = 0; i < numbers.size(); i += 4) {
                const std::array<uint32_t, 4> words = random.block(i / 4);
                for (size_t j = 0; j < std::min<size_t>(4, numbers.size() - i); ++j) {
                    numbers[i + j] = range * uniform_symmetric(words[j]);
                }
            }
        }
        result[value.name] = std::move(array);
        ++stream;
    }
    return result;
}

}  // namespace quantide
