#include "compiler/ops/conv.h"
#include "compiler/passes/pass.h"
#include "compiler/passes/rewriter.h"

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
    /** Bits of x that are packed are counted about their middle, if those of w can be. */
    bool is_counted_centered(const Value &x, const Value &w) const {
        return x.type.bits < 8 && w.type.bits < 8 && integer_view(x.encoding).twice_middle() != 0 &&
               weight_view(w.encoding).twice_middle() == 0;
    }

    /** The integer product of x and w from one of centered codes. */
    ValueId recenter(const Node &node, ValueId acc) {
        const int64_t twice_middle = integer_view(value(node, 0).encoding).twice_middle();
        const ValueId sum =
            to_.add_one("weight_sum", node.name + ".middle", {in(node, 1)},
                        {{"multiplier", twice_middle}, {"bits", int64_t{to_.value(acc).type.bits}}});
        return to_.add_one("recenter", node.name + ".recentered", {acc, sum});
    }

    const Value &value(const Node &node, size_t i) const { return graph_.value(node.inputs[i]); }
    ValueId in(const Node &node, size_t i) const { return rewriter_.at(node.inputs[i]); }

    void dense(const Node &node) {
        const bool centered = is_counted_centered(value(node, 0), value(node, 1));
        Attributes product;
        if (node.has("arithmetic")) {
            product["arithmetic"] = node.text("arithmetic");
        }
        if (centered) {
            product["centered"] = int64_t{1};
        }
        ValueId acc =
            to_.add_one("integer_dense", node.name + ".product", {in(node, 0), in(node, 1)}, product);
        acc = centered ? recenter(node, acc) : acc;
        dequantize(node, acc, {}, {});
    }

    // A tap in the padding reads a code, so that no kernel needs to look: what that adds is taken back where
    // it is not 0. Where the padding is 0 the offset of the input counts inside the image alone.
    void conv2d(const Node &node) {
        const ConvOperands operands = check_conv(graph_, node);
        const double pad = node.real("pad_value");
        const bool omitted = pad == 0 && operands.window.has_padding();
        Attributes attributes = node.attributes;
        attributes.erase("pad_value");
        const int64_t code = pad == 0 ? 0 : code_of(*operands.x, pad).value();
        Attributes product = attributes;
        attributes.erase("arithmetic");
        product["pad_code"] = code;
        const bool centered = is_counted_centered(*operands.x, *operands.w) && share_words(operands);
        if (centered) {
            product["centered"] = int64_t{1};
        }
        ValueId acc =
            to_.add_one("integer_conv2d", node.name + ".product", {in(node, 0), in(node, 1)}, product);
        acc = centered ? recenter(node, acc) : acc;
        attributes.erase("groups");
        attributes["image"] = Shape{operands.x->shape[2], operands.x->shape[3]};
        const Borders b = operands.window.borders(operands.x->shape);
        const Attributes borders{{"borders", Shape{b.top, b.left, b.bottom, b.right}}};
        const IntegerView view = integer_view(operands.x->encoding);
        if (omitted && view.addend != 0) {
            Attributes sum = attributes;
            sum["multiplier"] = -int64_t{view.addend};
            sum["bits"] = int64_t{to_.value(acc).type.bits};
            const ValueId outside = to_.add_one("border_sum", node.name + ".padding", {in(node, 1)}, sum);
            acc = to_.add_one("add_border", node.name + ".inside", {acc, outside}, borders);
        }
        dequantize(node, acc, omitted ? attributes : Attributes{}, omitted ? borders : Attributes{});
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
