#pragma once
#include "compiler/ops/window.h"

#include <optional>

namespace quantide {

/** A convolution's operands x [N, C, H, W] and w [O, C / groups, kh, kw], its window, and the shape of its
 * result. */
struct ConvOperands {
    const Value *x;
    const Value *w;
    Window window;
    int64_t groups;
    Shape shape;
};

/** The operands of a convolution, checked against each other. Throws CompileError naming the layer. */
ConvOperands check_conv(const Graph &graph, const Node &node);

/** Whether the outputs of 32 neighbours read the same words of packed codes, and nothing else is in these, or
 * fields of one word: true without groups. */
bool share_words(const ConvOperands &operands);

/** The code of an encoded value that stands for `number` exactly, if there is one. */
std::optional<int64_t> code_of(const Value &value, double number);

}  // namespace quantide
