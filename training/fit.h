#pragma once
#include "examples/common/dataset.h"
#include "training/checkpoint.h"
#include "training/log.h"
#include "training/network_inputs.h"
#include "training/trainer.h"

#include <functional>

namespace quantide {

/** Where a run of training is; given to FitOptions::progress after every step. */
struct FitProgress {
    int64_t epoch = 1, epochs = 1;  ///< counted from 1
    int64_t step = 0, steps = 0;    ///< of the epoch
    double loss = 0;                ///< mean over the epoch so far
    double learning_rate = 0;
    double seconds = 0;       ///< since this call began
    double seconds_left = 0;  ///< expected until the last epoch's end
    /** Set at an epoch's end only. */
    bool epoch_done = false;
    double validation_error = 0, best_error = 0;
    int64_t best_epoch = 0;
    /** Every epoch so far; of those before this call seconds are unknown. */
    std::span<const EpochRecord> history = {};
};

struct FitOptions {
    /** File to keep the run in, and to resume it from if it exists; empty: nowhere. */
    std::string checkpoint;
    /** Start anew even if the file exists. */
    bool restart = false;
    uint64_t seed = 1;
    int threads = 0;  ///< 0: all CPUs. Results do not depend on it
    /** Also write the checkpoint within an epoch after this many seconds. Results do not depend on it. */
    double checkpoint_seconds = 60;
    std::function<void(const FitProgress &)> progress;
    /** If given, is told how many kernels of what ("the training step") are about to be compiled. */
    std::function<void(const std::string &what, int kernels)> compiling;
};

struct FitResult {
    Arrays parameters;       ///< of the best validation error
    Arrays last_parameters;  ///< of the last epoch
    int64_t best_epoch = 0;
    double validation_error = 0;  ///< of `parameters`
    double test_error = 0;        ///< of `parameters`
    double last_test_error = 0;   ///< of `last_parameters`
    double seconds = 0;
    std::vector<EpochRecord> history;
};

/** Trains a network by its recipe on data, epoch by epoch: shuffled batches (what does not fill a batch is
 * left to the next epoch's order), the validation error after each epoch by the deployed kernels, and the
 * parameters of the best epoch kept. A run that was killed and resumed ends with the same bits as one
 * that was not. Throws CompileError when the data does not fit the network, or the checkpoint is of
 * another network, recipe or seed. */
FitResult fit(const Graph &network, const Recipe &recipe, DataSplits data, const FitOptions &options);

}  // namespace quantide
