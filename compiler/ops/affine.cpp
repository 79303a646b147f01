#include "compiler/ops/affine.h"

#include <algorithm>
#include <cmath>

namespace quantide {

AffineRange affine_range(float min, float max, int bits) {
    return {min, (max - min) / static_cast<float>((1 << bits) - 1)};
}

uint8_t affine_code(const AffineRange &range, float x, int bits) {
    const float most = static_cast<float>((1 << bits) - 1), position = (x - range.min) / range.step;
    return static_cast<uint8_t>((position > 0 ? std::min(position, most) : 0) + 0.5F);
}

float affine_number(const AffineRange &range, uint8_t code) {
    return range.min + range.step * static_cast<float>(code);
}

Encoding affine_encoding(int bits) {
    Encoding encoding;
    for (int p = 0; p < bits; ++p) {
        encoding.scales.push_back(static_cast<float>(bits < 8 ? 2 << p : 1 << p));
    }
    encoding.offset = bits < 8 ? -static_cast<float>((1 << bits) - 1) : 0;
    return encoding;
}

AffineView affine_view(const AffineRange &range, int bits) {
    const IntegerView view = integer_view(affine_encoding(bits));
    const float scale = range.step / static_cast<float>(view.multipliers[0]);
    return {scale, range.min - scale * static_cast<float>(view.addend)};
}

std::array<float, 3> affine_terms(const AffineView &x, const AffineView &w, float sums, float count) {
    return {x.scale * w.scale, x.scale * w.offset, x.offset * (w.scale * sums + w.offset * count)};
}

ProductRanges product_ranges(const Node &node) {
    if (!node.has("ranges")) {
        return {};
    }
    const std::string &of = node.text("ranges");
    user_check(of == "x" || of == "w" || of == "xw", "{} '{}': expected ranges of x, w or xw, found {:?}",
               node.op, node.name, of);
    return {of == "w" ? -1 : 2, of == "x" ? -1 : of == "w" ? 2 : 3};
}

bool needs_input_sums(const Graph &graph, const Node &product) {
    return product_ranges(product).w >= 0 || weight_view(graph.value(product.inputs[1]).encoding).offset != 0;
}

void check_range(const Graph &graph, const Node &node, size_t i, const Value &x) {
    const Value &range = input_value(graph, node, i);
    const bool rows = range.shape.size() == 2;
    check_float(graph, node, i, rows ? Shape{2, x.shape.at(0)} : Shape{2});
}

int check_bits(const Node &node) {
    const int64_t bits = node.integer("bits");
    user_check(bits >= 1 && bits <= 8, "{} '{}': expected 1 to 8 bits, found {}", node.op, node.name, bits);
    return static_cast<int>(bits);
}

void check_product(const Graph &graph, const Node &node) {
    const ProductRanges ranges = product_ranges(node);
    check_inputs(graph, node, 2 + static_cast<size_t>(ranges.count()));
    const Value &x = input_value(graph, node, 0), &w = input_value(graph, node, 1);
    if (ranges.w < 0) {
        check_weights(node, w);
    }
    if (ranges.count() == 0) {
        return;
    }
    user_check(!x.encoding.plain() && !w.encoding.plain(),
               "{} '{}': expected codes beside a range, found {} and {}", node.op, node.name,
               to_string(x.type), to_string(w.type));
    const auto check_operand = [&](int range, const Value &value) {
        if (range >= 0) {
            check_range(graph, node, static_cast<size_t>(range), value);
            user_check(value.encoding == affine_encoding(value.type.bits),
                       "{} '{}': expected '{}' to be affine codes", node.op, node.name, value.name);
        }
    };
    check_operand(ranges.x, x);
    check_operand(ranges.w, w);
}

ValueId numbers_of_operand(Graph &graph, const Node &product, size_t i) {
    const ProductRanges ranges = product_ranges(product);
    const int range = i == 0 ? ranges.x : ranges.w;
    const ValueId codes = product.inputs[i];
    if (range < 0) {
        return codes;
    }
    for (const int user : graph.users(codes)) {
        if (const Node &node = graph.nodes[static_cast<size_t>(user)]; node.op == "affine_numbers") {
            return node.outputs[0];
        }
    }
    return graph.add_one("affine_numbers", product.name + (i == 0 ? ".input_numbers" : ".weight_numbers"),
                         {codes, product.inputs[static_cast<size_t>(range)]});
}

std::vector<ValueId> product_gradients(const Node &product, ValueId dx, ValueId dw) {
    std::vector<ValueId> gradients(product.inputs.size(), -1);
    gradients[0] = dx;
    gradients[1] = dw;
    return gradients;
}

}  // namespace quantide
