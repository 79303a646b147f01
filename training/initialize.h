#pragma once
#include "compiler/interpret/interpret.h"

namespace quantide {

/** The numbers that training starts from, by parameter name: latent binary weights uniform in (-1, 1),
 * float32 weights uniform in +-sqrt(6 / (fan_in + fan_out)) (Glorot & Bengio 2010), batch norm as the
 * identity. They depend on the seed and the order of construction alone. */
Arrays initial_parameters(const Graph &network, uint64_t seed);

}  // namespace quantide
