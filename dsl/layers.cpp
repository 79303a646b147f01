#include "dsl/layers.h"

#include "compiler/ops/norm.h"
#include "dsl/affine.h"
#include "dsl/naming.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <tuple>

namespace quantide {

namespace {

/** The graph that input() adds to; layers find theirs through their tensor. */
thread_local std::shared_ptr<Graph> current;

void check_scores(const Graph &graph, const Tensor &scores) {
    const Value &value = graph.value(scores.id());
    user_check(value.type == Float(32) && value.shape.size() == 2,
               "network '{}': expected float32 scores [N, classes], found '{}' of type {}{}", graph.name,
               value.name, to_string(value.type), to_string(value.shape));
}

/** Every node must lead to the scores. */
void check_all_used(const Graph &graph, ValueId scores) {
    std::set<int> used;
    std::vector<ValueId> open{scores};
    while (!open.empty()) {
        const int node = graph.value(open.back()).node;
        open.pop_back();
        if (used.insert(node).second) {
            const auto &inputs = graph.nodes[static_cast<size_t>(node)].inputs;
            open.insert(open.end(), inputs.begin(), inputs.end());
        }
    }
    for (size_t i = 0; i < graph.nodes.size(); ++i) {
        // What belongs to a layer has a dot in its name: the layer itself comes after it.
        user_check(used.count(static_cast<int>(i)) != 0 || graph.nodes[i].name.find('.') != std::string::npos,
                   "{} '{}' of network '{}': expected the scores to use it, found that nothing leads from it "
                   "to them",
                   graph.nodes[i].op, graph.nodes[i].name, graph.name);
    }
}

/** The layer of a row of the table of normalizations; `wanted` is the user's name for it. */
Tensor normalization(const Tensor &x, const std::string &norm, double eps, double momentum,
                     const std::string &wanted) {
    const Norm &row = *find_norm(norm);
    Graph &graph = x.graph();
    const std::string name = layer_name(graph, row.layer, wanted);
    user_check(eps > 0 && std::isfinite(eps), "{} '{}': expected eps > 0, found {}", row.layer, name, eps);
    user_check(momentum > 0 && momentum <= 1, "{} '{}': expected momentum in (0, 1], found {}", row.layer,
               name, momentum);
    user_check(x.shape().size() == 2 || x.shape().size() == 4,
               "{} '{}': expected an input [N, C] or [N, C, H, W], found {}", row.layer, name,
               to_string(x.shape()));
    const int64_t features = x.shape()[1];
    std::vector<ValueId> inputs{x.id()};
    for (const auto &[parameter_name, init, trainable] : {std::tuple{"weight", "ones", true},
                                                          {"bias", "zeros", true},
                                                          {"running_mean", "zeros", false},
                                                          {row.running, "ones", false}}) {
        inputs.push_back(parameter(graph, name + "." + parameter_name, {features}, init, trainable));
    }
    Attributes attributes{{"eps", eps}, {"momentum", momentum}};
    if (norm != "variance") {
        attributes["norm"] = norm;
    }
    return x.with(graph.add_one("batch_norm", name, inputs, attributes));
}

}  // namespace

Tensor input(const std::string &name, const Shape &features, ElementType type, const InputOptions &options) {
    user_check(current != nullptr, "input '{}': expected to be called inside a network (see build)", name);
    user_check(features.size() == 1 || features.size() == 3,
               "input '{}': expected [features] or [channels, height, width], found {} extents", name,
               features.size());
    user_check(type == UInt(8) || type == Float(32), "input '{}': expected UInt(8) or Float(32), found {}",
               name, to_string(type));
    user_check(type == UInt(8) || (options.scale == 1 && options.offset == 0),
               "input '{}': expected scale and offset only for UInt(8)", name);
    Attributes attributes{{"shape", features}, {"bits", int64_t{type.bits}}};
    if (type == UInt(8)) {
        attributes["scale"] = double{options.scale};
        attributes["offset"] = double{options.offset};
    }
    check_name("input", name);
    return {current, current->add_one("input", layer_name(*current, "input", name), {}, attributes)};
}

Tensor dense(const Tensor &x, const DenseOptions &options) {
    Graph &graph = x.graph();
    const std::string name = layer_name(graph, "dense", options.name);
    user_check(options.units > 0, "dense '{}': expected at least 1 unit, found {}", name, options.units);
    Attributes attributes = gradient_attributes("dense", name, options.gradients);
    user_check(x.shape().size() == 2, "dense '{}': expected an input [N, features] (see flatten), found {}",
               name, to_string(x.shape()));
    const ValueId weight = weights(graph, "dense", name, {options.units, x.shape()[1]}, options.weights);
    attributes.merge(
        weight_gradient_inputs(graph, x.id(), "dense '" + name + "'", options.weight_gradient_inputs));
    return x.with(product(graph, "dense", name, x.id(), weight, options.arithmetic, attributes));
}

Tensor batch_norm(const Tensor &x, const BatchNormOptions &options) {
    return normalization(x, "variance", options.eps, options.momentum, options.name);
}

Tensor shift_batch_norm(const Tensor &x, const ShiftBatchNormOptions &options) {
    return normalization(x, "shift", options.eps, options.momentum, options.name);
}

Tensor range_batch_norm(const Tensor &x, const RangeBatchNormOptions &options) {
    return normalization(x, "range", options.eps, options.momentum, options.name);
}

Tensor l1_batch_norm(const Tensor &x, const L1BatchNormOptions &options) {
    return normalization(x, "l1", options.eps, options.momentum, options.name);
}

Tensor quantize(const Tensor &x, const Precision &precision, const std::string &wanted) {
    const std::string name = layer_name(x.graph(), "quantize", wanted);
    user_check(precision != float32(), "quantize '{}': expected a quantizer such as sign(), found float32()",
               name);
    check_no_gradient_format("quantize '" + name + "'", precision);
    user_check(!precision.in_training, "quantize '{}': expected in_training() for weights alone, found {}",
               name, precision.quantizer);
    user_check(!precision.tanh_normalized, "quantize '{}': expected dorefa() for weights alone", name);
    if (const auto affine = affine_precision(fmt::format("quantize '{}'", name), precision)) {
        user_check(!affine->per_channel,
                   "quantize '{}': expected affine_per_channel() for weights alone, found {}", name,
                   precision.quantizer);
        return x.with(affine_activations(x.graph(), name, x.id(), affine->bits));
    }
    return x.with(x.graph().add_one("quantize", name, {x.id()}, {{"quantizer", precision.quantizer}}));
}

Tensor hardtanh(const Tensor &x, const std::string &name) {
    return x.with(x.graph().add_one("hardtanh", layer_name(x.graph(), "hardtanh", name), {x.id()}));
}

Tensor dropout(const Tensor &x, const DropoutOptions &options) {
    const std::string name = layer_name(x.graph(), "dropout", options.name);
    return x.with(x.graph().add_one("dropout", name, {x.id()}, {{"rate", options.rate}}));
}

Graph build(const std::string &name, const std::function<Tensor()> &network) {
    check_name("network", name);
    user_check(current == nullptr,
               "network '{}': expected to be built on its own, found it inside network '{}'", name,
               current == nullptr ? "" : current->name);
    const auto graph = std::make_shared<Graph>();
    graph->name = name;
    current = graph;
    struct Reset {
        ~Reset() { current = nullptr; }
    } reset;
    const Tensor scores = network();
    user_check(&scores.graph() == graph.get(), "network '{}': expected scores made in it", name);
    check_scores(*graph, scores);
    check_all_used(*graph, scores.id());
    graph->outputs = {scores.id()};
    verify(*graph, "the network's construction");
    return *graph;
}

}  // namespace quantide
