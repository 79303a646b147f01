#include "compiler/ops/rules.h"
#include "compiler/passes/pass.h"
#include "compiler/passes/rewriter.h"
#include "compiler/quantizers/quantizer.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <set>

namespace quantide {

namespace {

/** An integer product and what leads from it to a sign: nodes that only feed each other. */
struct Chain {
    const Node *product = nullptr;
    std::vector<const Node *> formula;  ///< monotone in the accumulator, element by element; quantize last
    /** Pools, in order: they commute with what rises. Those before a step that may fall, and those after. */
    std::vector<const Node *> inner_pools, outer_pools;
};

bool rises(const Node &node) {
    static const std::set<std::string> kOps = {"recenter", "add_border", "dequantize",
                                               "hardtanh", "relu",       "bias"};
    return kOps.count(node.op) != 0;
}

/** Whether it rises in some channels and falls in the others. */
bool rises_or_falls(const Node &node) { return node.op == "batch_norm" || node.op == "scale"; }

bool other_inputs_constant(const Graph &graph, const Node &node) {
    return std::all_of(node.inputs.begin() + 1, node.inputs.end(),
                       [&](ValueId id) { return graph.producer(id).op == "constant"; });
}

std::optional<Chain> find_chain(const Graph &graph, const Node &quantize) {
    if (quantize.op != "quantize" || quantize.text("quantizer") != "sign") {
        return std::nullopt;
    }
    Chain chain{.product = nullptr, .formula = {&quantize}, .inner_pools = {}, .outer_pools = {}};
    const Node *node = &graph.producer(quantize.inputs[0]);
    std::vector<const Node *> *pools = &chain.outer_pools;
    for (; rises(*node) || rises_or_falls(*node) || node->op == "max_pool";
         node = &graph.producer(node->inputs[0])) {
        const bool between = rises_or_falls(*node) && !chain.inner_pools.empty();
        if (graph.users(node->outputs[0]).size() != 1 || !other_inputs_constant(graph, *node) || between) {
            return std::nullopt;
        }
        pools = rises_or_falls(*node) ? &chain.inner_pools : pools;
        auto &list = node->op == "max_pool" ? *pools : chain.formula;
        list.insert(list.begin(), node);
    }
    chain.product = node;
    const bool product = node->op == "integer_dense" || node->op == "integer_conv2d";
    return product && graph.users(node->outputs[0]).size() == 1 && chain.formula.size() > 1
               ? std::optional(chain)
               : std::nullopt;
}

Array integers(ElementType type, Shape shape, const std::vector<int64_t> &values) {
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

/** Evaluates the chain's formula, as the interpreter defines it, for one accumulator per channel and kind of
 * position (see Borders). */
class Formula {
public:
    Formula(const Graph &graph, const Chain &chain) : rewriter_(graph) {
        const Value &acc = graph.value(chain.product->outputs[0]);
        type_ = acc.type;
        shape_ = {1, acc.shape[1]};
        if (acc.shape.size() == 4) {
            shape_.insert(shape_.end(), {1, 1});
        }
        for (const Node *node : chain.formula) {
            if (node->has("borders")) {
                borders_ = node->attributes.at("borders");
                const Borders borders = borders_of(*node);
                shape_ = {1, acc.shape[1], borders.row_kinds(), borders.column_kinds()};
            }
        }
        acc_ = rewriter_.to.add_constant("acc", Array(type_, shape_));
        rewriter_.replace(chain.product->outputs[0], acc_);
        ValueId last = acc_;
        for (const Node *node : chain.formula) {
            std::vector<ValueId> inputs{last};
            for (size_t i = 1; i < node->inputs.size(); ++i) {
                rewriter_.copy(graph.producer(node->inputs[i]));
                inputs.push_back(rewriter_.at(node->inputs[i]));
            }
            last = rewriter_.clone(*node, node->name, inputs);
        }
        rewriter_.to.outputs = {last};
    }

    ElementType type() const { return type_; }
    size_t channels() const { return static_cast<size_t>(shape_[1]); }
    /** Accumulators: channel after channel, each with all kinds. */
    size_t size() const { return static_cast<size_t>(element_count(shape_, 1, "formula")); }
    /** The attribute of the operand that has a number for each; none where a channel has one kind. */
    const std::optional<Attribute> &borders() const { return borders_; }
    /** The shape of that operand. */
    Shape operand_shape() const {
        return borders_ ? Shape{shape_[1], shape_[2], shape_[3]} : Shape{shape_[1]};
    }

    std::vector<bool> operator()(const std::vector<int64_t> &acc) {
        rewriter_.to.constants[acc_] = std::make_shared<const Array>(integers(type_, shape_, acc));
        const Array codes = interpret_outputs(rewriter_.to, {})[0];
        return {codes.as<uint8_t>().begin(), codes.as<uint8_t>().end()};
    }

private:
    Rewriter rewriter_;
    ElementType type_;
    Shape shape_;
    std::optional<Attribute> borders_;
    ValueId acc_ = -1;
};

struct Thresholds {
    std::vector<int64_t> t;   ///< for each accumulator of the formula
    std::vector<bool> flips;  ///< for each channel: its bit falls with the accumulator
};

/** The t with formula(acc) == (acc >= t) for all low <= acc <= high, inverted in the channels that flip.
 * Every step of the formula is monotone in acc, so bisection finds it. */
Thresholds bisect(Formula formula, int64_t low, int64_t high) {
    const size_t size = formula.size();
    const std::vector<bool> at_low = formula(std::vector<int64_t>(size, low));
    const std::vector<bool> at_high = formula(std::vector<int64_t>(size, high));
    std::vector<int64_t> below(size, low), above(size, high), middle(size);
    // Invariant where the ends differ: the bit at `below` is at_low, the bit at `above` is at_high.
    for (int64_t width = high - low; width > 0; width /= 2) {
        for (size_t i = 0; i < size; ++i) {
            middle[i] = below[i] + (above[i] - below[i]) / 2;
        }
        const std::vector<bool> bits = formula(middle);
        for (size_t i = 0; i < size; ++i) {
            (bits[i] == at_low[i] ? below : above)[i] = middle[i];
        }
    }
    Thresholds result{.t = above, .flips = std::vector<bool>(formula.channels())};
    const size_t kinds = size / formula.channels();
    for (size_t i = 0; i < size; ++i) {
        result.flips[i / kinds] = result.flips[i / kinds] || (at_low[i] && !at_high[i]);
    }
    for (size_t i = 0; i < size; ++i) {
        if (at_low[i] == at_high[i]) {
            result.t[i] = at_low[i] != result.flips[i / kinds] ? low : high + 1;
        }
    }
    return result;
}

int64_t reach_of(const Graph &graph, const Node &product) {
    const Value &x = graph.value(product.inputs[0]), &w = graph.value(product.inputs[1]);
    return largest_accumulator(x, w, element_count(features_of(w), 1, product.name), is_centered(product));
}

/** threshold, inner pools, flip where a channel falls, outer pools. */
void fold(Rewriter &rewriter, const Graph &graph, const Chain &chain) {
    Graph &to = rewriter.to;
    const Node &quantize = *chain.formula.back();
    Formula formula(graph, chain);
    const int64_t reach = reach_of(graph, *chain.product);
    const Thresholds found = bisect(formula, -reach, reach);
    const ValueId t = to.add_constant(quantize.name + ".threshold",
                                      integers(formula.type(), formula.operand_shape(), found.t));
    Attributes attributes;
    if (formula.borders()) {
        attributes["borders"] = *formula.borders();
    }
    ValueId code =
        to.add_one("threshold", quantize.name, {rewriter.at(chain.product->outputs[0]), t}, attributes);
    const auto pool_all = [&](const std::vector<const Node *> &pools) {
        for (const Node *pool : pools) {
            code = to.add_one("max_pool", pool->name, {code}, pool->attributes);
        }
    };
    pool_all(chain.inner_pools);
    // Whatever the numbers are, so that other parameters need no other kernel.
    if (std::any_of(chain.formula.begin(), chain.formula.end(),
                    [](const Node *node) { return rises_or_falls(*node); })) {
        Array mask(UInt(1), {1, static_cast<int64_t>(formula.channels())});
        std::copy(found.flips.begin(), found.flips.end(), mask.as<uint8_t>().begin());
        code = to.add_one("flip", quantize.name + ".flip",
                          {code, to.add_constant(quantize.name + ".falls", std::move(mask),
                                                 find_quantizer("sign").encoding())});
    }
    pool_all(chain.outer_pools);
    rewriter.replace(quantize.outputs[0], code);
}

}  // namespace

Graph fold_thresholds(const Graph &graph, const PassOptions &) {
    Rewriter rewriter(graph);
    for (const Node &node : graph.nodes) {
        const std::optional<Chain> chain = find_chain(graph, node);
        chain ? fold(rewriter, graph, *chain) : rewriter.copy(node);
    }
    return rewriter.finish();
}

}  // namespace quantide
