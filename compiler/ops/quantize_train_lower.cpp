#include "compiler/lower/op_table.h"
#include "compiler/lower/random.h"
#include "compiler/quantizers/quantizer_lower.h"

namespace quantide {

void lower_quantize_train(GroupLowering &group, const Node &node) {
    const Halide::Func x = group.elements(node.inputs[0]);
    const Quantizer quantizer = find_quantizer(node.text("quantizer"));
    const QuantizerLowering &lowering = lowering_of(*quantizer.def);
    internal_check(lowering.drawn_code != nullptr, "quantizer {} draws no codes in Halide", quantizer.text());
    Halide::Func code("drawn_code");
    code(x.args()) = Halide::cast<uint8_t>(
        lowering.drawn_code(x(x.args()), random_uniform(group, node, x.args()), quantizer.bits));
    group.define(node.outputs[0], code);
}

}  // namespace quantide
