#include "training/trainer.h"

#include "compiler/ops/optimizer.h"
#include "compiler/passes/pass.h"
#include "compiler/quantizers/quantizer.h"
#include "training/checkpoint.h"
#include "training/initialize.h"

#include <algorithm>
#include <cmath>

namespace quantide {

namespace {

Program training_program(const Graph &network, const Recipe &recipe) {
    check_recipe(network.name, recipe);
    PassOptions options;
    options.loss = recipe.loss.op;
    options.optimizer = recipe.optimizer.op;
    options.optimizer_attributes = recipe.optimizer.attributes;
    options.batch = recipe.batch;
    return make_program(run_passes(network, training_passes(), options));
}

JitOptions jit_options(const Recipe &recipe, const TrainerOptions &options) {
    set_jit_threads(options.threads);
    JitOptions jit;
    jit.batch = recipe.batch;
    jit.strict_float = false;
    jit.compiling = options.compiling;
    return jit;
}

}  // namespace

Trainer::Trainer(const Graph &network, const Recipe &recipe, const TrainerOptions &options)
    : optimizer_(recipe.optimizer),
      batch_(recipe.batch),
      seed_(options.seed),
      jit_(training_program(network, recipe), jit_options(recipe, options)) {
    for (ValueId id : program().states) {
        const Value &value = program().graph.value(id);
        states_.emplace_back(value.type, value.shape, value.layout);
    }
    for (const auto &[name, array] : initial_parameters(network, options.seed)) {
        parameter_names_.push_back(name);
        set_state(name, array);
    }
    requantize();
    scratch_ = AlignedBytes(jit_.scratch_bytes(1));
    loss_ = Array(Float(32), {1});
    scores_ = Array(Float(32), program().graph.value(program().outputs.at(1)).shape);
}

float Trainer::step(const void *inputs, const uint8_t *labels, double learning_rate) {
    const std::string &network = program().graph.name;
    user_check(inputs != nullptr && labels != nullptr,
               "step of network '{}': expected {} inputs and labels, found a null pointer", network, batch_);
    user_check(std::isfinite(learning_rate) && learning_rate >= 0,
               "step of network '{}': expected a finite learning rate >= 0, found {}", network,
               learning_rate);
    const uint8_t largest = *std::max_element(labels, labels + batch_);
    user_check(largest < scores_.shape[1], "step of network '{}': expected labels below {}, found {}",
               network, scores_.shape[1], largest);
    state("rate").floats()[0] = static_cast<float>(
        find_optimizer(optimizer_.op)->step_rate(optimizer_.attributes, learning_rate, steps_ + 1));
    if (Array *key = find_state("random")) {
        std::ranges::copy(random_key(), key->as<uint32_t>().begin());
    }
    JitMemory memory{.inputs = {inputs, labels},
                     .outputs = {loss_.bytes.data(), scores_.bytes.data()},
                     .states = {},
                     .scratch = scratch_.data()};
    for (Array &state : states_) {
        memory.states.push_back(state.bytes.data());
    }
    jit_.run(memory, 1, seconds_);
    ++steps_;
    return loss_.floats()[0];
}

Arrays Trainer::parameters() const { return states(true); }

Arrays Trainer::moments() const { return states(false); }

void Trainer::restore(const Arrays &parameters, const Arrays &moments, int64_t steps) {
    Arrays checked;
    for (const auto *wanted : {&parameters, &moments}) {
        for (const auto &[name, array] : states(wanted == &parameters)) {
            auto found = wanted->find(name);
            user_check(found != wanted->end(), "training state: expected '{}', found none", name);
            user_check(found->second.shape == array.shape && found->second.type == array.type,
                       "training state: expected '{}' to be {}{}, found {}{}", name, to_string(array.type),
                       to_string(array.shape), to_string(found->second.type), to_string(found->second.shape));
            checked.insert(*found);
        }
    }
    for (const auto &[name, array] : checked) {
        set_state(name, array);
    }
    steps_ = steps;
    requantize();
}

/** States by name, in logical layout: the network's own, or the optimizer's. */
Arrays Trainer::states(bool of_network) const {
    Arrays result;
    for (size_t i = 0; i < states_.size(); ++i) {
        const ValueId id = program().states[i];
        const std::string &name = program().graph.value(id).name;
        const Node &node = program().graph.producer(id);
        const bool network = std::binary_search(parameter_names_.begin(), parameter_names_.end(), name);
        if (node.op == "parameter" && !node.has("quantizer") && network == of_network) {
            result[name] = to_layout(states_[i], Layout::Logical);
        }
    }
    return result;
}

/** The state of that name, or null. */
Array *Trainer::find_state(const std::string &name) {
    for (size_t i = 0; i < states_.size(); ++i) {
        if (program().graph.value(program().states[i]).name == name) {
            return &states_[i];
        }
    }
    return nullptr;
}

Array &Trainer::state(const std::string &name) {
    Array *found = find_state(name);
    internal_check(found != nullptr, "no state '{}'", name);
    return *found;
}

std::array<uint32_t, 3> Trainer::random_key() const {
    return {static_cast<uint32_t>(seed_), static_cast<uint32_t>(seed_ >> 32), static_cast<uint32_t>(steps_)};
}

void Trainer::set_state(const std::string &name, const Array &array) {
    Array &target = state(name);
    target = to_layout(array, target.layout);
}

/** Makes the kept codes of every quantized parameter anew. */
void Trainer::requantize() {
    for (ValueId id : program().states) {
        const Node &node = program().graph.producer(id);
        if (!node.has("quantizer")) {
            continue;
        }
        const Array weights = to_layout(state(node.text("of")), Layout::Logical);
        const Quantizer quantizer = find_quantizer(node.text("quantizer"));
        const std::string &codes = program().graph.value(id).name;
        if (node.has("stream")) {
            const RandomStream random{.seed = seed_,
                                      .stream = static_cast<uint32_t>(node.integer("stream")),
                                      .step = static_cast<uint32_t>(steps_)};
            set_state(codes, quantize(quantizer, weights, random));
        } else {
            set_state(codes, quantize(quantizer, weights));
        }
    }
}

void save_checkpoint(const std::string &path, const Trainer &trainer) {
    Checkpoint checkpoint;
    checkpoint.network = trainer.program().graph.name;
    checkpoint.parameters = trainer.parameters();
    checkpoint.moments = trainer.moments();
    checkpoint.seed = trainer.seed();
    checkpoint.steps = trainer.steps();
    save_checkpoint(path, checkpoint);
}

}  // namespace quantide
