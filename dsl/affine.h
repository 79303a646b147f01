#pragma once
#include "compiler/ir/graph.h"
#include "dsl/precision.h"

#include <optional>
#include <span>

namespace quantide {

/** A precision whose grid is a range that data gives; `quantide list` shows them beside the quantizers. */
struct AffineRow {
    const char *name;
    const char *summary;
    bool per_channel;
};
std::span<const AffineRow> affine_rows();

/** What affine() and affine_per_channel() say. */
struct AffinePrecision {
    int bits;
    bool per_channel;
};

/** Empty for any other precision. Throws CompileError for one that `layer`, a kind and a name, cannot have: a
 * width outside 1..8, or in_training(). */
std::optional<AffinePrecision> affine_precision(const std::string &layer, const Precision &precision);

/** The numbers of x in 2^bits steps of a running range: makes the codes NAME and the parameter NAME.range
 * [2], which is no range before training. */
ValueId affine_activations(Graph &graph, const std::string &name, ValueId x, int bits);

/** The numbers of the parameter `weight` in 2^bits steps of its own range, or of each output's. */
ValueId affine_weights(Graph &graph, ValueId weight, const AffinePrecision &precision);

/** A reshape to `shape`, of the codes where x is in steps of a range. */
ValueId affine_reshape(Graph &graph, const std::string &name, ValueId x, const Shape &shape);

/** A product of x and weights: of codes with their ranges where both are quantized, one in steps of a range,
 * and of float32 numbers where one is not. `arithmetic` as arithmetic_of() takes it. */
ValueId product(Graph &graph, const std::string &op, const std::string &name, ValueId x, ValueId weights,
                const std::string &arithmetic, Attributes attributes = {});

}  // namespace quantide
