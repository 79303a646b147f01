#pragma once
#include "compiler/ops/optimizer.h"
#include "compiler/passes/pass.h"
#include "compiler/quantizers/quantizer.h"
#include "tests/dsl/random_network.h"

namespace quantide {

inline PassOptions training_options(const Loss &loss, const Optimizer &optimizer, int64_t batch) {
    PassOptions options;
    options.loss = loss.op;
    options.optimizer = optimizer.op;
    options.optimizer_attributes = optimizer.attributes;
    options.batch = batch;
    return options;
}

/** The value of the op random_key in a step of a run with a small seed. */
inline Array random_key(uint32_t seed, int64_t step) {
    return make_array<uint32_t>(UInt(32), {3}, {seed, 0, static_cast<uint32_t>(step)});
}

/** Codes of a quantized parameter for a step, from the parameter's numbers. */
inline Array codes_of(const Node &node, const Array &numbers, int64_t step = 0) {
    const Quantizer quantizer = find_quantizer(node.text("quantizer"));
    if (node.has("stream")) {
        return quantize(quantizer, numbers,
                        {.seed = 1,
                         .stream = static_cast<uint32_t>(node.integer("stream")),
                         .step = static_cast<uint32_t>(step)});
    }
    return quantize(quantizer, numbers);
}

/** Every state of a training graph before a step of a run with seed 1: the network's parameters as given,
 * moments as given or 0, and the codes of quantized parameters. */
inline Arrays initial_states(const Graph &graph, const Arrays &given, int64_t step = 0) {
    Arrays states;
    for (const Node &node : graph.nodes) {
        if (node.op != "parameter") {
            continue;
        }
        const Value &value = graph.value(node.outputs[0]);
        auto found = given.find(value.name);
        states[value.name] = found != given.end()    ? found->second
                             : node.has("quantizer") ? codes_of(node, given.at(node.text("of")), step)
                                                     : Array(value.type, value.shape);
    }
    return states;
}

/** What one step gives: the graph's outputs by name, and the next states by the states' names. */
inline Arrays step_results(const Graph &graph, const Arrays &bindings) {
    const std::map<ValueId, Array> values = interpret(graph, bindings);
    Arrays results;
    for (size_t i = 0; i < graph.outputs.size(); ++i) {
        results["output " + std::to_string(i)] = values.at(graph.outputs[i]);
    }
    for (const StateUpdate &update : graph.updates) {
        results[graph.value(update.state).name] = values.at(update.next);
    }
    return results;
}

/** Trains by interpreting the training graph. */
class InterpretedTrainer {
public:
    InterpretedTrainer(const Graph &network, const Loss &loss, const Optimizer &optimizer, int64_t batch,
                       const Arrays &parameters)
        : optimizer_(optimizer) {
        const PassOptions options = training_options(loss, optimizer, batch);
        graph_ = fix_batch(quantize_gradients(differentiate(network, options), options), options);
        states_ = initial_states(graph_, parameters);
    }

    /** One step on an input and its labels; the loss before the update. */
    float step(const Arrays &batch, double rate) {
        ++steps_;
        rate = find_optimizer(optimizer_.op)->step_rate(optimizer_.attributes, rate, steps_);
        Arrays bindings = join(batch, states_);
        bindings["rate"] = make_floats({1}, {static_cast<float>(rate)});
        bindings["random"] = random_key(1, steps_ - 1);
        Arrays results = step_results(graph_, bindings);
        for (auto &[name, state] : states_) {
            if (results.count(name) != 0) {
                state = results.at(name);
            }
        }
        scores_ = results.at("output 1");
        return results.at("output 0").floats()[0];
    }

    const Graph &graph() const { return graph_; }
    const Arrays &states() const { return states_; }
    const Array &scores() const { return scores_; }

private:
    Optimizer optimizer_;
    Graph graph_;
    Arrays states_;
    Array scores_;
    int64_t steps_ = 0;
};

}  // namespace quantide
