#pragma once
#include "dsl/dsl.h"
#include "tests/geometry/covering.h"

namespace quantide {

/** What the operands of a convolution and its results are. */
struct Precisions {
    const char *name = "";
    bool bytes = false;                  ///< the network's input is UInt(8)
    Precision inputs, weights, results;  ///< inputs: of the convolution, if it does not read the network's
};

/** One convolution's geometry and neighbours. */
struct ConvCase {
    Precisions precisions = {};
    int64_t batch = 0, channels = 0, height = 0, width = 0;
    Conv2dOptions conv;
    int pool = 0;  ///< 0: none; 1: 2x2 before the batch norm; 2: 3x3 in steps of 2, padded, after it

    std::string text() const;
    /** From an input to scores: [quantize,] conv2d, batch norm, [quantize], and what makes scores of that:
     * all the numbers, or a binary dense layer of a few units, whose every sum any single wrong sign changes.
     */
    Graph network(const std::string &name) const;
    /** Numbers for its parameters and its input. */
    Arrays parameters(const Graph &network) const;
    Array input() const;
};

/** Numbers for the parameters of such a network. */
Arrays draw_parameters(const Graph &network, Random &random);

/** The axes of the grid; their rules leave out windows larger than the padded image, groups that do not
 * divide the channels, and pools larger than what they pool. */
const Axes &conv_axes();

/** The case of a whole choice. */
ConvCase make_conv_case(const Choice &choice);

/** Cases beside the grid: groups whose channels are whole words, fields of words, or neither. */
std::vector<ConvCase> group_cases();

}  // namespace quantide
