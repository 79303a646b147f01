#pragma once
#include "compiler/ir/array.h"

namespace quantide {

/** Global contrast normalization and ZCA whitening: with g = (x - mean(x)) contrast / length(x - mean(x)),
 * image x becomes (g - mean) matrix. An image of one color has no contrast and stays 0. */
struct FittedWhitening {
    double contrast = 0;
    Array mean;    ///< Float(32) [features]: of g over the training set
    Array matrix;  ///< Float(32) [features, features], symmetric: (covariance of g + bias I)^(-1/2)
};

/** Fits to images UInt(8) [n, ...]; `contrast` and `bias` are above 0. In double precision, one thread: some
 * minutes for CIFAR-10. */
FittedWhitening fit_whitening(const Array &images, double contrast, double bias);

/** Whitened images, Float(32) [n, features], of images UInt(8) [n, ...] with as many features. */
Array whiten(const FittedWhitening &whitening, const Array &images);

}  // namespace quantide
