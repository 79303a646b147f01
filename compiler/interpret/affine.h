#pragma once
#include "compiler/interpret/interpret_op.h"
#include "compiler/ops/affine.h"

namespace quantide {

/** What one output of a product sums up of the integers of its operands: over its taps inside the image. */
struct AffineSums {
    int64_t product = 0, x = 0, w = 0, count = 0;
};

/** The float32 numbers that the sums of a product's outputs stand for: the steps of affine_terms and
 * affine_dequantize. */
void store_affine_product(Interpretation &op, const std::vector<AffineSums> &sums);

}  // namespace quantide
