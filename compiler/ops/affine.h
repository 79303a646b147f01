#pragma once
#include "compiler/ops/rules.h"

#include <array>

namespace quantide {

// Affine codes (Banner et al. 2018, "Scalable methods for 8-bit training"; gemmlowp): 2^bits evenly spaced
// numbers from the smallest to the largest of a range that data gives, [2] of a tensor or [2, M] of each row
// of weights: its ends. Every step below is rounded to binary32.

/** What the codes of a range stand for: min + step * code, with step = (max - min) / (2^bits - 1). */
struct AffineRange {
    float min, step;
};
AffineRange affine_range(float min, float max, int bits);

/** clip(floor((x - min) / step + 1/2), 0, 2^bits - 1); NaN: 0. A range without width has the code 0 alone. */
uint8_t affine_code(const AffineRange &range, float x, int bits);

/** The number of a code. */
float affine_number(const AffineRange &range, uint8_t code);

/** The integers of affine codes, without a range: below 8 bits 2 code - (2^bits - 1), which are symmetric
 * about 0, and the codes of 8 bits. */
Encoding affine_encoding(int bits);

/** Numbers as scale * q + offset with the integers q of their encoding. */
struct AffineView {
    float scale, offset;
};
AffineView affine_view(const AffineRange &range, int bits);

/** What a product of K pairs of such numbers is made of: with acc = sum q_x q_w, sum = sum q_x and the
 * weights' sums = sum q_w, it is acc * terms[0] + (sum * terms[1] + terms[2]). */
std::array<float, 3> affine_terms(const AffineView &x, const AffineView &w, float sums, float count);

/** The inputs of a product that hold the ranges of its affine operands, by its attribute `ranges`: "x", "w"
 * or "xw", behind the codes; -1 where an operand has none. */
struct ProductRanges {
    int x = -1, w = -1;
    int count() const { return (x >= 0 ? 1 : 0) + (w >= 0 ? 1 : 0); }
};
ProductRanges product_ranges(const Node &node);

/** Whether numbers of the weights' encoding are more than multiples of its integers, so that a product needs
 * the sums of x. */
bool needs_input_sums(const Graph &graph, const Node &product);

/** Checks the operands of a product, encoded where any has a range, and the ranges. */
void check_product(const Graph &graph, const Node &node);

/** Checks that input `i` is a range of all of `x` [2] or of each of its rows [2, M]. */
void check_range(const Graph &graph, const Node &node, size_t i, const Value &x);

/** Checks that there are 1 to 8 bits. */
int check_bits(const Node &node);

/** The numbers of a product's operand `i`, for its gradient: dequantized where it has a range. */
ValueId numbers_of_operand(Graph &graph, const Node &product, size_t i);

/** The gradients of all inputs of a product, ranges get none. */
std::vector<ValueId> product_gradients(const Node &product, ValueId dx, ValueId dw);

}  // namespace quantide
