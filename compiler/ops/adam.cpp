#include "compiler/ops/rules.h"

namespace quantide {

// m = beta1 m + (1 - beta1) g, v = beta2 v + (1 - beta2) g^2, u = w - rate m / (sqrt(v) + eps),
// w = clip(w + scale (u - w), -clip, clip) where clip > 0 (Kingma & Ba 2015; scale and clip as in
// BinaryConnect). The caller folds the bias corrections into rate: lr sqrt(1 - beta2^t) / (1 - beta1^t).
const OpDef adam_op = {
    .name = "adam",
    .summary = "one Adam step: new weights and moments",
    .infer = infer_two_moments,
    .gradient = nullptr,
};

}  // namespace quantide
