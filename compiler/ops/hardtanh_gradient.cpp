#include "compiler/ops/rules.h"

namespace quantide {

const OpDef hardtanh_gradient_op = {
    .name = "hardtanh_gradient",
    .summary = "dy where |x| <= 1, else 0",
    .infer = infer_elementwise,
    .gradient = nullptr,
};

}  // namespace quantide
