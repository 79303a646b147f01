#include "compiler/ops/rules.h"

namespace quantide {

const OpDef round_to_bfloat16_op = {
    .name = "round_to_bfloat16",
    .summary = "float32 with the eight significant bits of bfloat16, to nearest even",
    .infer = infer_elementwise,
    .gradient = nullptr,
};

}  // namespace quantide
