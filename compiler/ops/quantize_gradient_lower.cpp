#include "compiler/lower/op_table.h"
#include "compiler/quantizers/quantizer.h"
#include "compiler/quantizers/quantizer_lower.h"

namespace quantide {

namespace {

/** The surrogate gradient of a quantizer at x. */
Halide::Expr surrogate(const Quantizer &quantizer, const Halide::Expr &x) {
#define QUANTIZER(row)                                     \
    if (quantizer.def == &row##_quantizer) {               \
        return lower_##row##_surrogate(x, quantizer.bits); \
    }
#include "compiler/quantizers/quantizers.inc"
#undef QUANTIZER
    throw InternalError(fmt::format("quantizer {} has no surrogate gradient in Halide", quantizer.text()));
}

}  // namespace

void lower_quantize_gradient(GroupLowering &group, const Node &node) {
    const Halide::Func dy = group.elements(node.inputs[0]);
    const Halide::Func x = group.elements(node.inputs[1]);
    Halide::Func dx("quantize_gradient");
    dx(dy.args()) = dy(dy.args()) * surrogate(find_quantizer(node.text("quantizer")), x(dy.args()));
    group.define(node.outputs[0], dx);
}

}  // namespace quantide
