#include "compiler/lower/float_products.h"

namespace quantide {

using Halide::cast;
using Halide::Expr;

Expr weight_at(GroupLowering &group, ValueId weights, const Expr &lane, const Expr &channel, const Expr &tap,
               const Expr &panel) {
    const Value &w = group.graph.value(weights);
    const int depth = static_cast<int>(w.shape[1]);
    if (w.layout == Layout::OutputPanels && w.type.bits == 1) {
        const Expr word = group.words(weights)(lane, tap * ((depth + 31) / 32) + channel / 32, panel);
        return number_of(w, (word >> cast<uint32_t>(channel % 32)) & 1);
    }
    if (w.layout == Layout::OutputPanels) {
        return number_of(w, group.operand(weights)(lane, tap * depth + channel, panel));
    }
    const Expr output = Halide::min(32 * panel + lane, static_cast<int>(w.shape[0]) - 1);
    if (w.shape.size() == 2) {
        return number_of(w, group.elements(weights)(channel, output));
    }
    const int width = static_cast<int>(w.shape[3]);
    return number_of(w, group.elements(weights)(channel, tap % width, tap / width, output));
}

}  // namespace quantide
