#pragma once
#include "compiler/interpret/interpret.h"
#include "dsl/recipe.h"
#include "examples/common/dataset.h"

namespace quantide {

/** What preprocessing learns from the training images: "whitening.mean" and "whitening.matrix" if the recipe
 * whitens, else nothing. Takes some minutes for CIFAR-10. Throws CompileError when the data does not fit the
 * network. */
Arrays fit_preprocessing(const Graph &network, const Preprocessing &preprocessing, const DataSet &train);

/** The images of a data set as the network's input wants them: 8-bit as they are, scale * pixel + offset, or
 * whitened by what was learned. Throws CompileError when the number of features, or of classes, does not fit
 * the network, and when `fitted` lacks something. */
Array network_inputs(const Graph &network, const Preprocessing &preprocessing, DataSet data,
                     const Arrays &fitted = {});

}  // namespace quantide
