#include "compiler/ops/rules.h"

namespace quantide {

// A batch of values of a shape. bits = 8: unsigned codes that stand for scale * code + offset; bits = 32:
// float32.
const OpDef input_op = {
    .name = "input",
    .summary = "a batch of vectors or images, float32 or 8-bit codes with a scale and an offset",
    .infer = [](const Graph &graph, const Node &node) -> std::vector<Value> {
        check_inputs(graph, node, 0);
        Shape shape = check_shape(node);
        shape.insert(shape.begin(), batch_extent(node));
        const int64_t bits = node.integer("bits");
        if (bits == 32) {
            return {float_value(node, shape)};
        }
        user_check(bits == 8, "input '{}': expected UInt(8) or Float(32), found {} bits", node.name, bits);
        Encoding encoding{.scales = {}, .offset = static_cast<float>(node.real("offset"))};
        float scale = static_cast<float>(node.real("scale"));
        // Then no product of such numbers overflows float32, which fold_thresholds relies on.
        user_check(scale >= 1e-10F && scale <= 1e10F,
                   "input '{}': expected a scale of 1e-10 to 1e10, found {}", node.name, scale);
        user_check(encoding.offset >= -1e10F && encoding.offset <= 1e10F,
                   "input '{}': expected an offset of -1e10 to 1e10, found {}", node.name, encoding.offset);
        for (int plane = 0; plane < 8; ++plane, scale *= 2) {
            encoding.scales.push_back(scale);
        }
        return {{.name = node.name, .shape = shape, .type = UInt(8), .encoding = encoding}};
    },
    .gradient = no_gradient,
};

}  // namespace quantide
