#include "compiler/ops/gradient.h"

namespace quantide {

const OpDef conv2d_weight_gradient_op = {
    .name = "conv2d_weight_gradient",
    .summary = "the gradient of conv2d in its weights",
    .infer = [](const Graph &graph, const Node &node) -> std::vector<Value> {
        check_inputs(graph, node, product_inputs(node));
        const Value &dy = check_images(graph, node, 0), &x = check_images(graph, node, 1);
        const Window window = Window::of(node, node.extents("kernel"));
        check_gradient(graph, node, window.output_shape(x.shape, dy.shape[1], node.name));
        return {float_value(
            node, {dy.shape[1], x.shape[1] / node.integer("groups"), window.kernel[0], window.kernel[1]})};
    },
    .gradient = nullptr,
};

}  // namespace quantide
