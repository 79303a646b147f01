#include "compiler/passes/pass.h"
#include "compiler/passes/rewriter.h"

namespace quantide {

namespace {

bool reads_activation(const Node &node) {
    return node.op == "quantize_gradient" || node.op == "hardtanh_gradient";
}

/** Recomputes the operands of one layer's backward from the integer product and the batch's statistics,
 * so that neither the normalized activations nor the float32 products are kept. */
class Rematerialization {
public:
    explicit Rematerialization(const Graph &graph) : graph_(graph), rewriter_(graph) {}

    Graph run() {
        for (const Node &node : graph_.nodes) {
            const Node *norm = reads_activation(node) ? &graph_.producer(node.inputs[1]) : nullptr;
            if (norm != nullptr && norm->op == "batch_norm_train") {
                rewriter_.replace(
                    node.outputs[0],
                    rewriter_.clone(node, node.name, {rewriter_.at(node.inputs[0]), activation(*norm)}));
            } else if (node.op == "batch_norm_gradient") {
                std::vector<ValueId> inputs;
                for (ValueId input : node.inputs) {
                    inputs.push_back(rewriter_.at(input));
                }
                inputs[1] = product(node.inputs[1]);
                const auto outputs = rewriter_.to.add(node.op, node.name, inputs, node.attributes);
                for (size_t i = 0; i < outputs.size(); ++i) {
                    rewriter_.replace(node.outputs[i], outputs[i]);
                }
            } else {
                rewriter_.copy(node);
            }
        }
        return rewriter_.finish();
    }

private:
    /** A dequantize of its own for backward; anything else is kept. */
    ValueId product(ValueId x) {
        const Node &node = graph_.producer(x);
        if (node.op != "dequantize" && node.op != "affine_dequantize") {
            return rewriter_.at(x);
        }
        auto [found, fresh] = products_.emplace(x, -1);
        if (fresh) {
            std::vector<ValueId> inputs;
            for (const ValueId input : node.inputs) {
                inputs.push_back(rewriter_.at(input));
            }
            found->second = rewriter_.clone(node, node.name + ".recomputed", inputs);
        }
        return found->second;
    }

    ValueId activation(const Node &norm) {
        return rewriter_.to.add_one(
            "batch_norm", norm.name + ".recomputed",
            {product(norm.inputs[0]), rewriter_.at(norm.inputs[1]), rewriter_.at(norm.inputs[2]),
             rewriter_.at(norm.outputs[1]), rewriter_.at(norm.outputs[2])},
            norm.attributes);
    }

    const Graph &graph_;
    Rewriter rewriter_;
    std::map<ValueId, ValueId> products_;
};

}  // namespace

Graph rematerialize(const Graph &graph, const PassOptions &) { return Rematerialization(graph).run(); }

}  // namespace quantide
