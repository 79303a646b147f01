#include "compiler/ops/rules.h"

namespace quantide {

// m = beta1 m + (1 - beta1) g, v = max(AP2(max(beta2 v, |g|)), eps), u = w - rate m / v, and w from u as adam
// has it (Courbariaux et al. 2016, shift-based AdaMax). The caller makes rate AP2(lr / (1 - beta1^t)), scale
// a power of two and eps one: whatever m is multiplied by is then a power of two. The rounded v is what is
// kept, so that AP2(beta2 v) = v for 1 >= beta2 > 1 / sqrt(2): v grows and never decays, as published. The
// authors' code adds eps behind AP2; here it is the least v.
const OpDef shift_adamax_op = {
    .name = "shift_adamax",
    .summary = "one step of shift-based AdaMax: new weights and moments (Courbariaux et al. 2016)",
    .infer = infer_two_moments,
    .gradient = nullptr,
};

}  // namespace quantide
