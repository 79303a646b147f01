#include "compiler/ops/rules.h"

namespace quantide {

const OpDef moving_average_op = {
    .name = "moving_average",
    .summary = "(1 - momentum) running + momentum batch",
    .infer = infer_elementwise,
    .gradient = nullptr,
};

}  // namespace quantide
