#pragma once
#include "compiler/lower/lower.h"

namespace quantide {

/** How an integer product can be computed. */
enum class Arithmetic : uint8_t {
    Popcount,  ///< counting the ones of pairs of bit planes: inputs and weights below 8 bits, the weights'
               ///< grid symmetric about 0
    Bytes,     ///< dot products of bytes
    Tiles,     ///< products of tiles of bytes, on CPUs with AMX
};
const char *to_string(Arithmetic arithmetic);

/** An arithmetic and what it is estimated to take. */
struct ArithmeticCost {
    Arithmetic arithmetic;
    std::string name;  ///< on the level: "popcount", "vnni", "maddubs", "amx"
    double one, many;  ///< seconds an image in a batch of one, and in a large one
    std::string why;   ///< what that is made of
};

/** What can compute an integer product on a level, the choice first: by the rates in use (see rate_of()), the
 * one that is at worst least behind the fastest, for one image and for many unless the batch is known; or the
 * one that the layer asks for. Throws CompileError naming the layer if it asks for one that cannot. */
std::vector<ArithmeticCost> arithmetics_of(const Graph &graph, const Node &node, const LowerOptions &options);

/** The choice. */
Arithmetic choose_arithmetic(const Graph &graph, const Node &node, const LowerOptions &options);

/** The level whose code computes a group on `level`: where nothing is multiplied by tiles, that of a level
 * which adds nothing else is the one below. */
const CpuLevel &code_level(const Graph &graph, int group, const CpuLevel &level);

}  // namespace quantide
