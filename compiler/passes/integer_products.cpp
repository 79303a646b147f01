#include "compiler/ops/affine.h"
#include "compiler/ops/conv.h"
#include "compiler/passes/pass.h"
#include "compiler/passes/rewriter.h"

#include <algorithm>
#include <functional>

namespace quantide {

namespace {

class IntegerProducts {
public:
    explicit IntegerProducts(const Graph &graph) : graph_(graph), rewriter_(graph), to_(rewriter_.to) {}

    Graph run() {
        for (const Node &node : graph_.nodes) {
            const bool product = node.op == "dense" || node.op == "conv2d";
            if (!product || !is_integer(value(node, 0).encoding) || !is_integer(value(node, 1).encoding)) {
                rewriter_.copy(node);
            } else {
                node.op == "dense" ? dense(node) : conv2d(node);
            }
        }
        return rewriter_.finish();
    }

private:
    /** Bits of x that are counted are taken about their middle. */
    bool is_counted_centered(const Value &x, const Value &w) const {
        return has_popcounts(x, w) && integer_view(x.encoding).twice_middle() != 0;
    }

    /** The integer product of x and weights from one of centered codes. */
    ValueId recenter(const Node &node, ValueId acc, ValueId w, const std::string &name) {
        const int64_t twice_middle = integer_view(value(node, 0).encoding).twice_middle();
        const ValueId sum =
            to_.add_one("weight_sum", name + ".middle", {w},
                        {{"multiplier", twice_middle}, {"bits", int64_t{to_.value(acc).type.bits}}});
        return to_.add_one("recenter", name + ".recentered", {acc, sum});
    }

    const Value &value(const Node &node, size_t i) const { return graph_.value(node.inputs[i]); }
    ValueId in(const Node &node, size_t i) const { return rewriter_.at(node.inputs[i]); }

    void dense(const Node &node) {
        const auto product = [&](ValueId w, const std::string &name) { return dense_product(node, w, name); };
        if (node.has("ranges")) {
            affine(node, product, {1, value(node, 1).shape[1]}, {}, {});
        } else {
            dequantize(node, product(in(node, 1), node.name), {}, {});
        }
    }

    /** The sums of the products of the operands' integers, with the new weights `w`. */
    ValueId dense_product(const Node &node, ValueId w, const std::string &name) {
        const bool centered = is_counted_centered(value(node, 0), to_.value(w));
        Attributes attributes;
        if (node.has("arithmetic") && w == in(node, 1)) {
            attributes["arithmetic"] = node.text("arithmetic");
        }
        if (centered) {
            attributes["centered"] = int64_t{1};
        }
        const ValueId acc = to_.add_one("integer_dense", name + ".product", {in(node, 0), w}, attributes);
        return centered ? recenter(node, acc, w, name) : acc;
    }

    void conv2d(const Node &node) {
        const ConvOperands operands = check_conv(graph_, node);
        const bool omitted = omits_padding(node, operands);
        const Borders b = operands.window.borders(operands.x->shape);
        const Attributes borders =
            omitted ? Attributes{{"borders", Shape{b.top, b.left, b.bottom, b.right}}} : Attributes{};
        const Attributes window = omitted ? window_of(node, operands) : Attributes{};
        const auto product = [&](ValueId w, const std::string &name) {
            return conv_product(node, operands, w, name);
        };
        if (node.has("ranges")) {
            Shape one_a_group = operands.w->shape;
            one_a_group[0] = operands.groups;
            affine(node, product, one_a_group, window, borders);
        } else {
            dequantize(node, product(in(node, 1), node.name), window, borders);
        }
    }

    /** Whether taps in the padding, which read a code, count nothing. */
    static bool omits_padding(const Node &node, const ConvOperands &operands) {
        return node.real("pad_value") == 0 && operands.window.has_padding();
    }

    static Attributes window_of(const Node &node, const ConvOperands &operands) {
        Attributes window{{"image", Shape{operands.x->shape[2], operands.x->shape[3]}}};
        for (const char *key : {"strides", "dilations", "pads"}) {
            window[key] = node.extents(key);
        }
        return window;
    }

    // A tap in the padding reads a code, so that no kernel needs to look: what that adds is taken back where
    // it is not 0. Where the padding is 0 the offset of the input counts inside the image alone.
    ValueId conv_product(const Node &node, const ConvOperands &operands, ValueId w, const std::string &name) {
        const double pad = node.real("pad_value");
        Attributes product = node.attributes;
        product.erase("pad_value");
        product.erase("ranges");
        if (w != in(node, 1)) {
            product.erase("arithmetic");
        }
        product["pad_code"] = pad == 0 ? 0 : code_of(*operands.x, pad).value();
        ConvOperands of_w = operands;
        of_w.w = &to_.value(w);
        const bool centered = is_counted_centered(*of_w.x, *of_w.w) && share_words(of_w);
        if (centered) {
            product["centered"] = int64_t{1};
        }
        ValueId acc = to_.add_one("integer_conv2d", name + ".product", {in(node, 0), w}, product);
        acc = centered ? recenter(node, acc, w, name) : acc;
        const IntegerView view = integer_view(operands.x->encoding);
        if (omits_padding(node, operands) && view.addend != 0) {
            const Borders b = operands.window.borders(operands.x->shape);
            Attributes sum = window_of(node, operands);
            sum["multiplier"] = -int64_t{view.addend};
            sum["bits"] = int64_t{to_.value(acc).type.bits};
            const ValueId outside = to_.add_one("border_sum", name + ".padding", {w}, sum);
            acc = to_.add_one("add_border", name + ".inside", {acc, outside},
                              {{"borders", Shape{b.top, b.left, b.bottom, b.right}}});
        }
        return acc;
    }

    /** Weights that count 1. */
    ValueId ones(const std::string &name, const Shape &shape) {
        Array array(UInt(1), shape);
        std::ranges::fill(array.as<uint8_t>(), uint8_t{1});
        return to_.add_constant(name, std::move(array), {.scales = {2}, .offset = -1});
    }

    /** Scale and offset of the integers of an operand. */
    ValueId view_of(const Node &node, size_t operand, int range) {
        const std::string name = node.name + (operand == 0 ? ".input_view" : ".weight_view");
        const Value &codes = value(node, operand);
        if (range >= 0) {
            return to_.add_one("affine_view", name, {in(node, static_cast<size_t>(range))},
                               {{"bits", int64_t{codes.type.bits}}});
        }
        const IntegerView view = operand == 0 ? integer_view(codes.encoding) : weight_view(codes.encoding);
        Array array(Float(32), {2});
        array.floats()[0] = view.scale;
        array.floats()[1] = view.offset;
        return to_.add_constant(name, std::move(array));
    }

    /** A product of operands that have ranges: the sums of the integers of x are its product with `ones`, of
     * that shape. */
    void affine(const Node &node, const std::function<ValueId(ValueId, const std::string &)> &product,
                const Shape &ones_shape, Attributes window, const Attributes &borders) {
        const ProductRanges ranges = product_ranges(node);
        const ValueId w = in(node, 1);
        std::vector<ValueId> inputs{product(w, node.name)};
        if (needs_input_sums(graph_, node)) {
            inputs.push_back(product(ones(node.name + ".ones", ones_shape), node.name + ".input_sum"));
        }
        Shape unit = value(node, 1).shape;
        unit[0] = 1;
        window["scale"] = 1.0;
        const ValueId sums = to_.add_one("code_sum", node.name + ".weight_sums", {w}, window),
                      counts = to_.add_one("code_sum", node.name + ".counts",
                                           {ones(node.name + ".unit", unit)}, window);
        inputs.push_back(to_.add_one("affine_terms", node.name + ".terms",
                                     {sums, counts, view_of(node, 0, ranges.x), view_of(node, 1, ranges.w)}));
        rewriter_.replace(node.outputs[0], to_.add_one("affine_dequantize", node.name, inputs, borders));
    }

    void dequantize(const Node &node, ValueId acc, Attributes window, Attributes borders) {
        const IntegerView x = integer_view(value(node, 0).encoding), w = weight_view(value(node, 1).encoding);
        ValueId offset = -1;
        if (x.offset == 0) {
            offset = to_.add_constant(node.name + ".offset",
                                      Array(Float(32), {graph_.value(node.outputs[0]).shape[1]}));
            borders.clear();
        } else {
            window["scale"] = double{x.offset * w.scale};
            offset = to_.add_one("code_sum", node.name + ".offset", {in(node, 1)}, window);
        }
        borders["scale"] = double{x.scale * w.scale};
        rewriter_.replace(node.outputs[0], to_.add_one("dequantize", node.name, {acc, offset}, borders));
    }

    const Graph &graph_;
    Rewriter rewriter_;
    Graph &to_;
};

}  // namespace

Graph integer_products(const Graph &graph, const PassOptions &) { return IntegerProducts(graph).run(); }

}  // namespace quantide
