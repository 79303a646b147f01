#pragma once
#include "compiler/interpret/interpret.h"

#include <string>

namespace quantide {

/** All of a training run: written after every epoch, and within long ones, to one safetensors file. */
struct Checkpoint {
    std::string network;
    /** Now: "dense1.weight" [outputs, inputs], "batch_norm1.running_var" (biased), ... */
    Arrays parameters;
    /** The same at the best validation error so far; in the file as "best.NAME". Empty before the first
     * epoch's end. */
    Arrays best;
    /** The optimizer's moments; in the file as "optimizer.NAME". */
    Arrays moments;
    uint64_t seed = 1;
    int64_t steps = 0;     ///< steps made in all
    int64_t epoch = 0;     ///< epochs finished
    int64_t position = 0;  ///< batches of the next epoch that are done
    double loss_sum = 0;   ///< of those batches
    double best_error = 1;
    int64_t best_epoch = 0;  ///< counted from 1; 0: none yet
    /** Mean loss and validation error of each epoch finished, the last of them last; the earliest may be
     * missing. */
    std::vector<double> losses, validation_errors;
    /** What preprocessing learned from the training images: "whitening.mean", "whitening.matrix"; in the file
     * as "preprocessing.NAME". */
    Arrays preprocessing;
    /** The recipe as text: a run resumes only under the one it began with. */
    std::string recipe;
};

/** Writes a checkpoint, complete or not at all. */
void save_checkpoint(const std::string &path, const Checkpoint &checkpoint);

/** Reads a checkpoint to resume. Throws CompileError naming the file when it is damaged, of another network
 * or lacks the training state. */
Checkpoint load_checkpoint(const std::string &path, const Graph &network);

/** Reads the parameters of a network from a checkpoint, or from any safetensors file with PyTorch's names:
 * those of the best epoch ("best.NAME") if `best` and the file has them, "NAME" otherwise. `which`, if given,
 * takes what was chosen, "best epoch 17 of 20"; empty where there was no choice. Throws CompileError naming
 * the file and the tensor, of either copy, that is missing, unknown, of another shape, not finite, or a
 * negative variance. */
Arrays load_parameters(const std::string &path, const Graph &network, bool best = true,
                       std::string *which = nullptr);

/** Reads what preprocessing learned, by name, from a checkpoint; empty if it has nothing of that. */
Arrays load_preprocessing(const std::string &path);

}  // namespace quantide
