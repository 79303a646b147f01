#pragma once
#include "dsl/dsl.h"
#include "tests/ir/numbers.h"

#include <string>
#include <vector>

namespace quantide {

/** A network whose scores are a convolution and a dense layer of the same inputs. */
struct PairCase {
    Precision inputs, conv_weights, dense_weights;
    bool bytes = false;        ///< they read the network's input, which is UInt(8)
    bool quantized = false;    ///< the convolution's results are quantized as its inputs were, and multiplied
                               ///< by a dense layer of its weights' precision; otherwise they are scores
    bool second_best = false;  ///< multiplied by the arithmetic that is not the fastest by estimate
    int64_t groups = 1;        ///< of the convolution
    Padding padding = {};      ///< likewise

    std::string text() const;
    Graph network(const std::string &name) const;
    Array input() const;
};

/** What weights may be: each row of the quantizer table that layers take at its fewest bits, its most and
 * between them, powers of two at all whose integers are bytes, those with ranges from data, dorefa(),
 * in_training() and float32(). */
std::vector<Precision> weight_precisions();

/** What is multiplied by them, likewise. */
std::vector<Precision> activation_precisions();

/** So many that each of both is in a convolution and in a dense layer, what else varies being drawn; and
 * every pair, for `all`. */
std::vector<PairCase> pair_cases(bool all);

}  // namespace quantide
