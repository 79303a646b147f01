#include "compiler/lower/op_table.h"
#include "compiler/lower/random.h"
#include "compiler/quantizers/quantizer_lower.h"

namespace quantide {

namespace {

struct DrawnCode {
    const char *quantizer;
    Halide::Expr (*lower)(const Halide::Expr &x, const Halide::Expr &u);
};
const DrawnCode kDrawnCodes[] = {{"stochastic_sign", lower_stochastic_sign_drawn_code},
                                 {"stochastic_ternary", lower_stochastic_ternary_drawn_code}};

}  // namespace

void lower_quantize_train(GroupLowering &group, const Node &node) {
    const Halide::Func x = group.elements(node.inputs[0]);
    for (const DrawnCode &row : kDrawnCodes) {
        if (node.text("quantizer") == row.quantizer) {
            Halide::Func code("drawn_code");
            code(x.args()) =
                Halide::cast<uint8_t>(row.lower(x(x.args()), random_uniform(group, node, x.args())));
            group.define(node.outputs[0], code);
            return;
        }
    }
    throw InternalError(fmt::format("quantizer {} draws no codes in Halide", node.text("quantizer")));
}

}  // namespace quantide
