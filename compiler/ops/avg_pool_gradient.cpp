#include "compiler/ops/rules.h"

namespace quantide {

const OpDef avg_pool_gradient_op = {
    .name = "avg_pool_gradient",
    .summary = "dy over the window's size, summed over the windows of each element",
    .infer = [](const Graph &graph, const Node &node) -> std::vector<Value> {
        check_inputs(graph, node, 1);
        const Value &dy = check_images(graph, node, 0);
        const Shape &image = node.extents("image");
        const Shape shape{dy.shape[0], dy.shape[1], image.at(0), image.at(1)};
        check_float(graph, node, 0, check_pool(graph, node).output_shape(shape, shape[1], node.name));
        return {float_value(node, shape)};
    },
    .gradient = nullptr,
};

}  // namespace quantide
