#include "compiler/passes/pass.h"
#include "compiler/passes/rewriter.h"

#include <algorithm>
#include <optional>

namespace quantide {

namespace {

/** integer_dense, dequantize, [batch_norm,] quantize: nodes that only feed each other. */
struct Chain {
    const Node *product = nullptr;
    std::vector<const Node *> formula;  ///< dequantize first, quantize last
};

std::optional<Chain> find_chain(const Graph &graph, const Node &quantize) {
    if (quantize.op != "quantize" || quantize.text("quantizer") != "sign") {
        return std::nullopt;
    }
    Chain chain{.product = nullptr, .formula = {&quantize}};
    while (chain.formula.front()->op != "dequantize") {
        const Node &node = graph.producer(chain.formula.front()->inputs[0]);
        const bool expected =
            node.op == "dequantize" || (node.op == "batch_norm" && chain.formula.size() == 1);
        if (!expected || graph.users(node.outputs[0]).size() != 1) {
            return std::nullopt;
        }
        for (size_t i = 1; i < node.inputs.size(); ++i) {
            if (graph.producer(node.inputs[i]).op != "constant") {
                return std::nullopt;
            }
        }
        chain.formula.insert(chain.formula.begin(), &node);
    }
    chain.product = &graph.producer(chain.formula.front()->inputs[0]);
    const bool alone =
        chain.product->op == "integer_dense" && graph.users(chain.product->outputs[0]).size() == 1;
    return alone && graph.producer(chain.product->inputs[1]).op == "constant" ? std::optional(chain)
                                                                              : std::nullopt;
}

/** Evaluates the chain's formula, as the interpreter defines it, for one accumulator per channel. */
class Formula {
public:
    Formula(const Graph &graph, const Chain &chain) : rewriter_(graph) {
        const ValueId acc = chain.product->outputs[0];
        acc_type_ = graph.value(acc).type;
        channels_ = graph.value(acc).shape[1];
        acc_ = rewriter_.to.add_constant("acc", Array(acc_type_, {1, channels_}));
        rewriter_.replace(acc, acc_);
        for (const Node *node : chain.formula) {
            std::vector<ValueId> inputs{rewriter_.at(node->inputs[0])};
            for (size_t i = 1; i < node->inputs.size(); ++i) {
                rewriter_.copy(graph.producer(node->inputs[i]));
                inputs.push_back(rewriter_.at(node->inputs[i]));
            }
            rewriter_.replace(node->outputs[0], rewriter_.clone(*node, node->name, inputs));
        }
        rewriter_.to.outputs = {rewriter_.at(chain.formula.back()->outputs[0])};
    }

    int64_t channels() const { return channels_; }
    ElementType acc_type() const { return acc_type_; }

    std::vector<bool> operator()(const std::vector<int64_t> &acc) {
        rewriter_.to.constants[acc_] =
            std::make_shared<const Array>(integers(acc_type_, {1, channels_}, acc));
        const Array codes = interpret_outputs(rewriter_.to, {})[0];
        return {codes.as<uint8_t>().begin(), codes.as<uint8_t>().end()};
    }

    static Array integers(ElementType type, Shape shape, const std::vector<int64_t> &values) {
        Array array(type, std::move(shape));
        for (size_t i = 0; i < values.size(); ++i) {
            if (type.bits == 32) {
                array.as<int32_t>()[i] = static_cast<int32_t>(values[i]);
            } else {
                array.as<int64_t>()[i] = values[i];
            }
        }
        return array;
    }

private:
    Rewriter rewriter_;
    ElementType acc_type_;
    int64_t channels_ = 0;
    ValueId acc_ = -1;
};

struct Thresholds {
    std::vector<int64_t> t;
    std::vector<bool> flip;  ///< the bit falls with acc: negate the unit's weights, and with them acc
};

/** For every channel the t with formula(acc) == (acc >= t) for all low <= acc <= high, or, flipped,
 * formula(acc) == (-acc >= t). Every step of the formula is monotone in acc, so bisection finds it. */
Thresholds bisect(Formula formula, int64_t low, int64_t high) {
    const size_t channels = static_cast<size_t>(formula.channels());
    const std::vector<bool> at_low = formula(std::vector<int64_t>(channels, low));
    const std::vector<bool> at_high = formula(std::vector<int64_t>(channels, high));
    std::vector<int64_t> below(channels, low), above(channels, high), middle(channels);
    // Invariant where the ends differ: the bit at `below` is at_low, the bit at `above` is at_high.
    for (int64_t width = high - low; width > 0; width /= 2) {
        for (size_t c = 0; c < channels; ++c) {
            middle[c] = below[c] + (above[c] - below[c]) / 2;
        }
        const std::vector<bool> bits = formula(middle);
        for (size_t c = 0; c < channels; ++c) {
            (bits[c] == at_low[c] ? below : above)[c] = middle[c];
        }
    }
    Thresholds result{.t = std::vector<int64_t>(channels), .flip = std::vector<bool>(channels)};
    for (size_t c = 0; c < channels; ++c) {
        result.flip[c] = at_low[c] && !at_high[c];
        if (at_low[c] == at_high[c]) {
            result.t[c] = at_low[c] ? low : high + 1;
        } else {
            result.t[c] = result.flip[c] ? -below[c] : above[c];
        }
    }
    return result;
}

/** Codes whose integers are the negatives, in the rows that flip. */
Array flip_rows(Array codes, const std::vector<bool> &flip) {
    const auto depth = codes.shape[1];
    const auto highest = static_cast<uint8_t>((1 << codes.type.bits) - 1);
    for (size_t row = 0; row < flip.size(); ++row) {
        const auto begin = codes.as<uint8_t>().begin() + static_cast<int64_t>(row) * depth;
        if (flip[row]) {
            std::transform(begin, begin + depth, begin,
                           [&](uint8_t code) { return static_cast<uint8_t>(highest - code); });
        }
    }
    return codes;
}

}  // namespace

Graph fold_thresholds(const Graph &graph, const PassOptions &) {
    Rewriter rewriter(graph);
    for (const Node &node : graph.nodes) {
        const std::optional<Chain> chain = find_chain(graph, node);
        if (!chain) {
            rewriter.copy(node);
            continue;
        }
        const Value &x = graph.value(chain->product->inputs[0]);
        const Value &w = graph.value(chain->product->inputs[1]);
        const IntegerView x_view = integer_view(x.encoding), w_view = integer_view(w.encoding);
        internal_check(w_view.min() == -w_view.max(w.type.bits), "'{}': weights that cannot be negated",
                       w.name);
        const int64_t reach = std::max(std::abs(x_view.min()), std::abs(x_view.max(x.type.bits))) *
                              w_view.max(w.type.bits) * x.shape[1];
        Formula formula(graph, *chain);
        const ElementType type = formula.acc_type();
        const Thresholds thresholds = bisect(std::move(formula), -reach, reach);
        const ValueId weights = rewriter.to.add_constant(
            w.name, flip_rows(*graph.constants.at(chain->product->inputs[1]), thresholds.flip), w.encoding);
        const ValueId acc = rewriter.to.add_one("integer_dense", chain->product->name,
                                                {rewriter.at(chain->product->inputs[0]), weights});
        const ValueId t = rewriter.to.add_constant(
            node.name + ".threshold",
            Formula::integers(type, {static_cast<int64_t>(thresholds.t.size())}, thresholds.t));
        rewriter.replace(node.outputs[0], rewriter.to.add_one("threshold", node.name, {acc, t}));
    }
    return rewriter.finish();
}

}  // namespace quantide
