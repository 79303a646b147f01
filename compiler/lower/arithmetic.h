#pragma once
#include "compiler/lower/lower.h"

#include <functional>

namespace quantide {

/** How an integer product can be computed. */
enum class Arithmetic : uint8_t {
    Popcount,  ///< counting the ones of pairs of bit planes: inputs and weights below 8 bits, the weights'
               ///< grid symmetric about 0
    Bytes,     ///< dot products of bytes
    Shorts,    ///< dot products of numbers of 16 bits, on x86
    Tiles,     ///< products of tiles of bytes, on CPUs with AMX
};
const char *to_string(Arithmetic arithmetic);

/** An arithmetic and what it is estimated to take. */
struct ArithmeticCost {
    Arithmetic arithmetic;
    std::string name;                              ///< on the level: "popcount", "vnni", "maddubs", "amx"
    std::function<double(int64_t batch)> seconds;  ///< an image
    std::string why;                               ///< what that is made of
};

/** What can compute an integer product on a level, the choice first: by the rates in use (see rate_of()), the
 * one that is at worst least behind the fastest, for one image and for many unless a batch is given; or the
 * one that the layer asks for. Throws CompileError naming the layer if it asks for one that cannot. */
std::vector<ArithmeticCost> arithmetics_of(const Graph &graph, const Node &node, const LowerOptions &options);

/** Images of a batch that counts as large. */
constexpr int64_t kLargeBatch = 100;

/** The choice. */
Arithmetic choose_arithmetic(const Graph &graph, const Node &node, const LowerOptions &options);

}  // namespace quantide
