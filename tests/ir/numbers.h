#pragma once
#include "compiler/interpret/interpret.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cstring>
#include <random>
#include <vector>

namespace quantide {

/** The sizes at which packing, panels and vector tails go wrong. */
inline const std::vector<int64_t> kAwkwardSizes{1, 3, 31, 32, 33, 63, 64, 65, 127, 128, 129};

/** Numbers that are the same everywhere for a seed. */
class Random {
public:
    explicit Random(uint32_t seed) : engine_(seed) {}

    /** A whole number from `low` to `high`, both included. */
    int64_t integer(int64_t low, int64_t high) {
        return low + static_cast<int64_t>(engine_() % static_cast<uint64_t>(high - low + 1));
    }
    bool coin() { return integer(0, 1) == 1; }
    float real(float low, float high) {
        return low + (high - low) * static_cast<float>(engine_() >> 8) * 0x1p-24F;
    }
    template<typename T>
    T pick(const std::vector<T> &list) {
        return list[static_cast<size_t>(integer(0, static_cast<int64_t>(list.size()) - 1))];
    }

    Array floats(const Shape &shape, float low = -2, float high = 2) {
        Array array(Float(32), shape);
        std::generate(array.floats().begin(), array.floats().end(), [&] { return real(low, high); });
        return array;
    }
    /** Codes of a type of at most 8 bits, or labels below `below`. */
    Array codes(ElementType type, const Shape &shape, int64_t below = 256) {
        Array array(type, shape);
        const int64_t last = std::min(below, int64_t{1} << type.bits) - 1;
        std::generate(array.as<uint8_t>().begin(), array.as<uint8_t>().end(),
                      [&] { return static_cast<uint8_t>(integer(0, last)); });
        return array;
    }

private:
    std::mt19937 engine_;
};

/** An array of these elements. */
template<typename T>
Array make_array(ElementType type, const Shape &shape, const std::vector<T> &values) {
    Array array(type, shape);
    EXPECT_EQ(array.as<T>().size(), values.size());
    std::copy(values.begin(), values.end(), array.as<T>().begin());
    return array;
}

inline Array make_floats(const Shape &shape, const std::vector<float> &values) {
    return make_array(Float(32), shape, values);
}

template<typename T = float>
std::vector<T> elements(const Array &array) {
    return {array.as<T>().begin(), array.as<T>().end()};
}

/** Expects that two float arrays differ by at most `relative` of the largest magnitude plus `absolute`. */
inline void expect_near(const Array &found, const Array &expected, double relative, double absolute = 0) {
    ASSERT_EQ(found.shape, expected.shape);
    double largest = 0;
    for (float x : expected.floats()) {
        largest = std::max(largest, std::abs(double{x}));
    }
    for (size_t i = 0; i < expected.floats().size(); ++i) {
        ASSERT_NEAR(found.floats()[i], expected.floats()[i], relative * largest + absolute)
            << "element " << i;
    }
}

/** A graph of one op on constants, computed: its outputs. */
inline std::vector<Array> compute(const std::string &op, const std::vector<Array> &inputs,
                                  const Attributes &attributes = {},
                                  const std::vector<Encoding> &encodings = {}) {
    Graph graph;
    graph.name = "one_op";
    std::vector<ValueId> ids;
    for (size_t i = 0; i < inputs.size(); ++i) {
        ids.push_back(graph.add_constant("in" + std::to_string(i), inputs[i],
                                         i < encodings.size() ? encodings[i] : Encoding{}));
    }
    graph.outputs = graph.add(op, "op", ids, attributes);
    verify(graph, "construction");
    return interpret_outputs(graph, {});
}

}  // namespace quantide
