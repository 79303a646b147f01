#include "compiler/ops/conv.h"

#include "compiler/ops/affine.h"

namespace quantide {

ConvOperands check_conv(const Graph &graph, const Node &node) {
    check_inputs(graph, node, 2 + static_cast<size_t>(product_ranges(node).count()));
    const Value &x = check_images(graph, node, 0), &w = check_images(graph, node, 1);
    const int64_t groups = node.integer("groups");
    user_check(groups > 0 && x.shape[1] % groups == 0 && w.shape[0] % groups == 0,
               "{} '{}': expected groups that divide {} channels in and {} out, found {}", node.op, node.name,
               x.shape[1], w.shape[0], groups);
    user_check(w.shape[1] == x.shape[1] / groups, "{} '{}': expected weights of {} channels, found {}",
               node.op, node.name, x.shape[1] / groups, w.shape[1]);
    const Window window = Window::of(node, {w.shape[2], w.shape[3]});
    return {&x, &w, window, groups,
            window.output_shape(x.shape, w.shape[0], fmt::format("{} '{}'", node.op, node.name))};
}

bool share_words(const ConvOperands &operands) {
    if (operands.groups == 1) {
        return true;
    }
    const int64_t outputs = operands.w->shape[0] / operands.groups, channels = operands.w->shape[1];
    const bool words = outputs % 32 == 0 && channels % 32 == 0;
    const bool one_word = 32 % channels == 0 &&
                          (outputs % 32 == 0 || (32 % outputs == 0 && 32 % (32 / outputs * channels) == 0));
    return channels > 1 && (words || one_word);
}

std::optional<int64_t> code_of(const Value &value, double number) {
    for (int64_t code = 0; code < value.encoding.codes(); ++code) {
        if (static_cast<double>(number_of(value.encoding, code)) == number) {
            return code;
        }
    }
    return std::nullopt;
}

}  // namespace quantide
