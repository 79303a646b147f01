#include "compiler/passes/pass.h"
#include "compiler/passes/rewriter.h"
#include "compiler/quantizers/gradient_format.h"

#include <algorithm>
#include <map>

namespace quantide {

namespace {

/** Puts the gradient that a layer's backward products read into the format that the layer is annotated with.
 */
class QuantizeGradients {
public:
    explicit QuantizeGradients(const Graph &graph) : graph_(graph), rewriter_(graph), to_(rewriter_.to) {}

    Graph run() {
        for (const Node &node : graph_.nodes) {
            if (node.op == "random_key") {
                key();
                rewriter_.replace(node.outputs[0], key_);
            } else if (is_annotated_product(node)) {
                product(node);
            } else {
                Node plain = node;
                plain.attributes.erase("gradients");
                rewriter_.copy(plain);
            }
        }
        return rewriter_.finish();
    }

private:
    static bool is_annotated_product(const Node &node) {
        return node.has("gradients") && node.op.ends_with("_gradient");
    }

    ValueId key() {
        if (key_ < 0) {
            key_ = to_.add_one("random_key", "random", {});
        }
        return key_;
    }

    void product(const Node &node) {
        const GradientFormat annotated = find_gradient_format(node.text("gradients"));
        const GradientFormat format =
            node.op.ends_with("weight_gradient") ? annotated.of_weights() : annotated;
        const ValueId other = rewriter_.at(node.inputs[1]);
        Attributes attributes = node.attributes;
        attributes.erase("gradients");
        std::vector<ValueId> inputs{coded(node.inputs[0], format), other};
        if (format.has_codes() && !is_integer(to_.value(other).encoding)) {
            inputs[0] = numbers(node.inputs[0], format);
        } else {
            attributes["format"] = format.text();
            if (format.has_codes()) {
                inputs.push_back(ranges_.at(node.inputs[0]));
            }
        }
        rewriter_.replace(node.outputs[0], to_.add_one(node.op, node.name, inputs, attributes));
    }

    /** dy, a value of the old graph, in a format: both products of a layer share it. */
    ValueId coded(ValueId dy, const GradientFormat &format) {
        const auto [found, fresh] = coded_.emplace(std::pair(dy, format.text()), -1);
        if (fresh) {
            found->second = code(dy, format);
        }
        return found->second;
    }

    ValueId code(ValueId dy, const GradientFormat &format) {
        const ValueId x = rewriter_.at(dy);
        const std::string name = to_.value(x).name + "." + format.def->name;
        if (!format.has_codes()) {
            return to_.add_one("round_to_bfloat16", name, {x});
        }
        if (ranges_.count(dy) == 0) {
            ranges_[dy] = to_.add_one("range", to_.value(x).name + ".range", {x});
        }
        std::vector<ValueId> inputs{x, ranges_.at(dy)};
        Attributes attributes{{"format", format.text()}};
        if (format.stochastic()) {
            inputs.push_back(key());
            attributes["stream"] = kFirstStream + streams_++;
            attributes["ahead"] = int64_t{0};
        }
        return to_.add_one("gradient_codes", name, inputs, attributes);
    }

    /** For a product with float32: what the codes stand for. */
    ValueId numbers(ValueId dy, const GradientFormat &format) {
        const auto [found, fresh] = numbers_.emplace(std::pair(dy, format.text()), -1);
        if (fresh) {
            const ValueId codes = coded(dy, format);
            found->second = to_.add_one("gradient_numbers", to_.value(codes).name + ".numbers",
                                        {codes, ranges_.at(dy)}, {{"format", format.text()}});
        }
        return found->second;
    }

    const Graph &graph_;
    Rewriter rewriter_;
    Graph &to_;
    std::map<ValueId, ValueId> ranges_;
    std::map<std::pair<ValueId, std::string>, ValueId> coded_, numbers_;
    ValueId key_ = -1;
    /** Behind those that `differentiate` gives. */
    static constexpr int64_t kFirstStream = int64_t{3} << 30;
    int64_t streams_ = 0;
};

}  // namespace

Graph quantize_gradients(const Graph &graph, const PassOptions &) {
    const bool annotated = std::any_of(graph.nodes.begin(), graph.nodes.end(),
                                       [](const Node &node) { return node.has("gradients"); });
    return annotated ? QuantizeGradients(graph).run() : graph;
}

}  // namespace quantide
