#include "compiler/ops/gradient.h"

namespace quantide {

// dx of conv2d: every dy goes to the pixels that its window read; what fell into the padding is dropped.
const OpDef conv2d_input_gradient_op = {
    .name = "conv2d_input_gradient",
    .summary = "the gradient of conv2d in its input",
    .infer = [](const Graph &graph, const Node &node) -> std::vector<Value> {
        check_inputs(graph, node, product_inputs(node));
        const Value &dy = check_images(graph, node, 0), &w = check_images(graph, node, 1);
        const Shape &image = node.extents("image");
        const Shape shape{dy.shape[0], w.shape[1] * node.integer("groups"), image.at(0), image.at(1)};
        const Window window = Window::of(node, {w.shape[2], w.shape[3]});
        check_gradient(graph, node, window.output_shape(shape, w.shape[0], node.name));
        return {float_value(node, shape)};
    },
    .gradient = nullptr,
};

}  // namespace quantide
