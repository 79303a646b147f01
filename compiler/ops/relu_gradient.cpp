#include "compiler/ops/rules.h"

namespace quantide {

const OpDef relu_gradient_op = {
    .name = "relu_gradient",
    .summary = "dy where x > 0, else 0",
    .infer = infer_elementwise,
    .gradient = nullptr,
};

}  // namespace quantide
