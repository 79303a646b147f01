#include "compiler/ops/norm.h"
#include "compiler/ops/op.h"
#include "compiler/ops/optimizer.h"
#include "compiler/passes/pass.h"
#include "compiler/passes/rewriter.h"
#include "compiler/quantizers/quantizer.h"

#include <cmath>

namespace quantide {

namespace {

/** Builds the training step of a network. Throughout, ids are of the new graph. */
class Differentiation {
public:
    Differentiation(const Graph &graph, const PassOptions &options)
        : network_(graph),
          options_(options),
          optimizer_(optimizer_of(options)),
          rewriter_(graph),
          graph_(rewriter_.to) {}

    Graph run() {
        for (const Node &node : network_.nodes) {
            forward(node);
        }
        const ValueId scores = rewriter_.at(network_.outputs.at(0));
        const ValueId labels = graph_.add_one("labels", "labels", {});
        const ValueId loss = graph_.add_one(options_.loss, "loss", {scores, labels});
        const size_t forward_nodes = graph_.nodes.size();
        gradients_[loss] = loss;  // a loss's rule starts the chain and reads no gradient
        for (size_t i = forward_nodes; i-- > 0;) {
            backward(Node(graph_.nodes[i]));
        }
        user_check(!trainable_.empty(), "network '{}': expected a layer with parameters to train, found none",
                   network_.name);
        rate_ = graph_.add_one("scalar", "rate", {});
        for (const Node &parameter : trainable_) {
            update(parameter);
        }
        graph_.outputs = {loss, scores};
        return remove_dead(graph_);
    }

private:
    static const OptimizerDef &optimizer_of(const PassOptions &options) {
        const OptimizerDef *found = find_optimizer(options.optimizer);
        internal_check(found != nullptr, "no optimizer '{}'", options.optimizer);
        return *found;
    }

    void forward(const Node &node) {
        if (node.op == "batch_norm") {
            batch_norm(node);
            return;
        }
        if (node.op == "quantize_in_training" ||
            (node.op == "quantize" && network_.producer(node.inputs[0]).op == "parameter")) {
            keep_codes(node);
            return;
        }
        if (node.op == "affine_codes" && node.has("momentum")) {
            take_range_of_batch(node);
        }
        if (node.op == "dropout") {
            draw("dropout_train", node, {{"rate", node.real("rate")}});
            return;
        }
        if (node.op == "quantize" && is_stochastic(node.text("quantizer"))) {
            draw("quantize_train", node, {{"quantizer", node.text("quantizer")}});
            return;
        }
        rewriter_.copy(node);
        if (node.op == "parameter" && node.integer("trainable") != 0) {
            trainable_.push_back(graph_.nodes.back());
        }
    }

    static bool is_stochastic(const std::string &quantizer) { return find_quantizer(quantizer).stochastic(); }

    /** The key of the step's random numbers. */
    ValueId random() {
        if (random_ < 0) {
            random_ = graph_.add_one("random_key", "random", {});
        }
        return random_;
    }

    /** A stream of random numbers that nothing else draws from. */
    int64_t new_stream() { return kFirstStream + streams_++; }

    /** The training form of an op that draws random numbers. */
    void draw(const std::string &op, const Node &node, Attributes attributes) {
        attributes["stream"] = new_stream();
        attributes["ahead"] = int64_t{0};
        rewriter_.replace(
            node.outputs[0],
            graph_.add_one(op, node.name, {rewriter_.at(node.inputs[0]), random()}, attributes));
    }

    void batch_norm(const Node &node) {
        auto in = [&](size_t i) { return rewriter_.at(node.inputs[i]); };
        const auto outputs =
            graph_.add("batch_norm_train", node.name, {in(0), in(1), in(2)}, norm_attributes(node));
        rewriter_.replace(node.outputs[0], outputs[0]);
        for (size_t i : {1, 2}) {
            const ValueId running = in(i + 2);
            graph_.updates.push_back(
                {running, graph_.add_one("moving_average", graph_.value(running).name + ".next",
                                         {running, outputs[i]}, {{"momentum", node.real("momentum")}})});
        }
    }

    /** From here on the range of a batch stands for the running one, which follows it. */
    void take_range_of_batch(const Node &node) {
        const ValueId running = rewriter_.at(node.inputs[1]);
        const std::string name = graph_.value(running).name;
        const ValueId rows = graph_.add_one("row_range", name + ".rows", {rewriter_.at(node.inputs[0])});
        const ValueId batch = graph_.add_one("row_mean", name + ".batch", {rows});
        rewriter_.replace(node.inputs[1], batch);
        graph_.updates.push_back({running, graph_.add_one("moving_range", name + ".next", {running, batch},
                                                          {{"momentum", node.real("momentum")}})});
    }

    /** The codes of a parameter are made by the update that changed it and kept until the next step. */
    void keep_codes(const Node &node) {
        const ValueId parameter = rewriter_.at(node.inputs[0]);
        Attributes attributes = graph_.producer(parameter).attributes;
        attributes["quantizer"] = node.text("quantizer");
        attributes["trainable"] = int64_t{0};
        attributes["of"] = graph_.value(parameter).name;
        if (is_stochastic(node.text("quantizer"))) {
            attributes["stream"] = new_stream();
        }
        const ValueId codes = graph_.add_one("parameter", node.name, {}, attributes);
        rewriter_.replace(node.outputs[0], codes);
        codes_of_[parameter] = codes;
    }

    void backward(const Node &node) {
        const OpDef &op = find_op(node.op);
        std::vector<ValueId> dy;
        bool any = false;
        for (ValueId output : node.outputs) {
            auto found = gradients_.find(output);
            dy.push_back(found == gradients_.end() ? -1 : found->second);
            any = any || dy.back() >= 0;
        }
        if (!any || node.inputs.empty()) {
            return;
        }
        internal_check(op.gradient != nullptr, "{} '{}' has no gradient", node.op, node.name);
        const std::vector<ValueId> dx = op.gradient(graph_, with_drawn_inputs(node), dy);
        for (size_t i = 0; i < dx.size(); ++i) {
            if (dx[i] >= 0) {
                const auto [found, first] = gradients_.emplace(node.inputs[i], dx[i]);
                if (!first) {
                    found->second = graph_.add_one("add", graph_.value(node.inputs[i]).name + ".gradient_sum",
                                                   {found->second, dx[i]});
                }
            }
        }
    }

    /** The product whose rule gives the gradients of one that draws its inputs anew for that of its weights;
     * the gradient of its inputs reads none of them. */
    Node with_drawn_inputs(Node node) {
        if (node.has("weight_gradient_inputs")) {
            node.inputs[0] =
                graph_.add_one("quantize_train", node.name + ".drawn_input", {node.inputs[0], random()},
                               {{"quantizer", node.text("weight_gradient_inputs")},
                                {"stream", new_stream()},
                                {"ahead", int64_t{0}}});
            node.attributes.erase("weight_gradient_inputs");
        }
        return node;
    }

    ValueId gradient_of(ValueId parameter) {
        auto codes = codes_of_.find(parameter);
        if (codes == codes_of_.end()) {
            return gradients_.at(parameter);
        }
        const std::string &quantizer = graph_.producer(codes->second).text("quantizer");
        const ValueId dy = gradients_.at(codes->second);
        if (find_quantizer(quantizer).def->weight_surrogate == nullptr) {
            return dy;
        }
        return graph_.add_one("quantize_gradient", graph_.value(parameter).name + ".gradient",
                              {dy, parameter}, {{"quantizer", quantizer}});
    }

    void update(const Node &node) {
        const ValueId parameter = node.outputs[0];
        const std::string name = node.name;
        const bool quantized = codes_of_.count(parameter) != 0;
        Attributes attributes = options_.optimizer_attributes;
        attributes["clip"] = quantized ? 1.0 : 0.0;
        attributes["scale"] =
            quantized ? optimizer_.weight_scale(glorot_scale(graph_.value(parameter).shape)) : 1.0;
        std::vector<ValueId> inputs{parameter};
        Attributes moment{{"shape", node.extents("shape")}, {"init", "zeros"}, {"trainable", int64_t{0}}};
        for (const std::string &suffix : optimizer_.moments) {
            inputs.push_back(graph_.add_one("parameter", name + suffix, {}, moment));
        }
        const std::vector<ValueId> states = inputs;
        inputs.push_back(gradient_of(parameter));
        inputs.push_back(rate_);
        const auto next = graph_.add(options_.optimizer, name + "." + options_.optimizer, inputs, attributes);
        for (size_t i = 0; i < states.size(); ++i) {
            graph_.updates.push_back({states[i], next[i]});
        }
        if (quantized) {
            const ValueId codes = codes_of_.at(parameter);
            const Node kept = graph_.producer(codes);
            Attributes how{{"quantizer", kept.text("quantizer")}};
            const std::string made = graph_.value(codes).name + ".next";
            if (kept.has("stream")) {
                how["stream"] = kept.integer("stream");
                how["ahead"] = int64_t{1};  // they are the next step's
            }
            graph_.updates.push_back(
                {codes, kept.has("stream") ? graph_.add_one("quantize_train", made, {next[0], random()}, how)
                                           : graph_.add_one("quantize", made, {next[0]}, how)});
        }
    }

    /** Learning rates of latent weights, whose range is fixed to [-1, 1], grow with the fan as Glorot's
     * initial range shrinks: 1 / sqrt(1.5 / (fan_in + fan_out)) (Courbariaux et al. 2015). */
    static double glorot_scale(const Shape &shape) {
        return 1 / std::sqrt(1.5 / static_cast<double>(fans(shape)));
    }

    const Graph &network_;
    const PassOptions &options_;
    const OptimizerDef &optimizer_;
    Rewriter rewriter_;
    Graph &graph_;
    std::vector<Node> trainable_;
    std::map<ValueId, ValueId> gradients_, codes_of_;
    ValueId rate_ = -1, random_ = -1;
    /** The first streams are those of the initial weights. */
    static constexpr int64_t kFirstStream = int64_t{1} << 31;
    int64_t streams_ = 0;
};

}  // namespace

Graph differentiate(const Graph &graph, const PassOptions &options) {
    return Differentiation(graph, options).run();
}

}  // namespace quantide
