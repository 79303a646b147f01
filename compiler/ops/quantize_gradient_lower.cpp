#include "compiler/lower/op_table.h"
#include "compiler/quantizers/quantizer.h"

namespace quantide {

#define QUANTIZER(row) Halide::Expr lower_##row##_surrogate(const Halide::Expr &x);
#include "compiler/quantizers/quantizers.inc"
#undef QUANTIZER

namespace {

/** The surrogate gradient of a quantizer at x. */
Halide::Expr surrogate(const std::string &quantizer, const Halide::Expr &x) {
#define QUANTIZER(row)                       \
    if (quantizer == row##_quantizer.name) { \
        return lower_##row##_surrogate(x);   \
    }
#include "compiler/quantizers/quantizers.inc"
#undef QUANTIZER
    throw InternalError(fmt::format("quantizer {} has no surrogate gradient in Halide", quantizer));
}

}  // namespace

void lower_quantize_gradient(GroupLowering &group, const Node &node) {
    const Halide::Func dy = group.elements(node.inputs[0]);
    const Halide::Func x = group.elements(node.inputs[1]);
    Halide::Func dx("quantize_gradient");
    dx(dy.args()) = dy(dy.args()) * surrogate(node.text("quantizer"), x(dy.args()));
    group.define(node.outputs[0], dx);
}

}  // namespace quantide
