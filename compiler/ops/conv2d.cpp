#include "compiler/ops/affine.h"
#include "compiler/ops/conv.h"

#include <cmath>

namespace quantide {

// y[n, o, i, j] = sum over channels c of o's group, then kernel rows, then columns, of x w: exact for codes
// (see integer_conv2d and dequantize for the float32 that it stands for); float32 operands are summed in
// ascending (row, column, channel) of the kernel. A tap in the padding counts pad_value; where that is 0 it
// is omitted.
const OpDef conv2d_op = {
    .name = "conv2d",
    .summary = "a convolution (cross-correlation) of images without bias",
    .infer = [](const Graph &graph, const Node &node) -> std::vector<Value> {
        const ConvOperands operands = check_conv(graph, node);
        const Value &x = *operands.x;
        check_product(graph, node);
        const double pad = node.real("pad_value");
        user_check(std::isfinite(pad), "conv2d '{}': expected a finite pad value, found {}", node.name, pad);
        user_check(pad == 0 || product_ranges(node).count() == 0,
                   "conv2d '{}': expected padding that counts 0 around affine codes, found {}", node.name,
                   pad);
        user_check(pad == 0 || x.encoding.plain() || code_of(x, pad).has_value(),
                   "conv2d '{}': expected a pad value that '{}' can have, or 0, found {}", node.name, x.name,
                   pad);
        return {float_value(node, operands.shape)};
    },
    .gradient = [](Graph &graph, const Node &node, std::span<const ValueId> dy) -> std::vector<ValueId> {
        // Copies: adding a node moves the graph's values.
        const Shape image = graph.value(node.inputs[0]).shape, kernel = graph.value(node.inputs[1]).shape;
        Attributes attributes = node.attributes;
        attributes.erase("arithmetic");
        attributes.erase("ranges");
        ValueId dx = -1;
        if (graph.producer(node.inputs[0]).op != "input") {
            attributes["image"] = Shape{image[2], image[3]};
            const ValueId w = numbers_of_operand(graph, node, 1);
            dx =
                graph.add_one("conv2d_input_gradient", node.name + ".input_gradient", {dy[0], w}, attributes);
            attributes.erase("image");
        }
        attributes["kernel"] = Shape{kernel[2], kernel[3]};
        const ValueId x = numbers_of_operand(graph, node, 0);
        return product_gradients(
            node, dx,
            graph.add_one("conv2d_weight_gradient", node.name + ".weight_gradient", {dy[0], x}, attributes));
    },
};

}  // namespace quantide
