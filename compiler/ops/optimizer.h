#pragma once
#include "compiler/ir/graph.h"

#include <string>
#include <vector>

namespace quantide {

/** One row of the table of optimizers: what training knows of one beside its op. */
struct OptimizerDef {
    const char *op;
    /** Its states beside the parameter, in the order of the op's inputs: ".m", ".v". */
    std::vector<std::string> moments;
    /** The rate that its op gets in step t >= 1, where a recipe says `rate`. */
    double (*step_rate)(const Attributes &attributes, double rate, int64_t t);
    /** The factor on the steps of a latent weight, from Glorot's. */
    double (*weight_scale)(double glorot);
};

/** The row of that op; null for an op that is no optimizer. */
const OptimizerDef *find_optimizer(const std::string &op);

}  // namespace quantide
