#pragma once
#include "compiler/codegen/jit.h"
#include "compiler/interpret/interpret.h"
#include "dsl/recipe.h"

#include <array>
#include <functional>
#include <span>

namespace quantide {

struct TrainerOptions {
    uint64_t seed = 1;  ///< of the initial weights and of what steps draw (dropout, stochastic quantizers)
    int threads = 0;    ///< for all training in this process; 0: all CPUs. Results do not depend on it
    /** If given, is told how many kernels are about to be compiled. */
    std::function<void(int kernels)> compiling = {};
};

/** A compiled training step and its state: parameters, moments, running statistics.
 *
 *     Trainer trainer(find_network("digits").graph(), recipe);
 *     for (...) loss = trainer.step(images, labels, 1e-3);
 *     save_checkpoint("mine.safetensors", trainer);
 */
class Trainer {
public:
    /** Compiles the step for batches of `recipe.batch` rows. */
    Trainer(const Graph &network, const Recipe &recipe, const TrainerOptions &options = {});

    /** One step on the caller's memory: recipe.batch rows of the network's input, and a label each.
     * Returns the loss before the update. Throws CompileError, and changes nothing, for a null pointer, a
     * label that is no class, and a learning rate that is not a finite number >= 0. */
    float step(const void *inputs, const uint8_t *labels, double learning_rate);

    /** Scores [batch, classes] of the last step, by the statistics of its batch. */
    const Array &scores() const { return scores_; }

    /** That of the options. */
    uint64_t seed() const { return seed_; }
    /** Steps made so far. */
    int64_t steps() const { return steps_; }

    /** Parameters and running statistics by name, [outputs, inputs] as in PyTorch. */
    Arrays parameters() const;
    /** The optimizer's moments by name: "dense1.weight.m". */
    Arrays moments() const;
    /** Goes on from a state; what is drawn from then on is that of this trainer's seed. Throws CompileError
     * naming what is missing or has another shape. */
    void restore(const Arrays &parameters, const Arrays &moments, int64_t steps);

    const Program &program() const { return jit_.program(); }
    int64_t batch() const { return batch_; }

    /** Adds the time of each step of the program to `seconds` from now on; null stops it. */
    void measure(std::vector<double> *seconds) { seconds_ = seconds; }

private:
    Arrays states(bool of_network) const;
    Array *find_state(const std::string &name);
    Array &state(const std::string &name);
    void set_state(const std::string &name, const Array &array);
    void requantize();
    /** What the random numbers of the next step come from: see the op random_key. */
    std::array<uint32_t, 3> random_key() const;

    std::vector<std::string> parameter_names_;
    Optimizer optimizer_;
    int64_t batch_;
    uint64_t seed_;
    JitProgram jit_;
    std::vector<Array> states_;
    AlignedBytes scratch_;
    Array loss_, scores_;
    int64_t steps_ = 0;
    std::vector<double> *seconds_ = nullptr;
};

/** Writes a trainer's parameters and moments, complete or not at all: a file that `quantide eval` and
 * `compile`, Python and load_checkpoint() take. */
void save_checkpoint(const std::string &path, const Trainer &trainer);

}  // namespace quantide
