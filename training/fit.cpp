#include "training/fit.h"

#include "training/batches.h"
#include "training/evaluator.h"

#include <chrono>
#include <filesystem>

#include <utility>

namespace quantide {

namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
}

/** What a run's numbers depend on beside network, data and seed. */
std::string recipe_text(const Recipe &recipe) {
    std::string text = fmt::format("{} {} {} epochs {} batch {} rate {} {} {} {}", recipe.data,
                                   recipe.loss.op, recipe.optimizer.op, recipe.epochs, recipe.batch,
                                   static_cast<int>(recipe.learning_rate.kind), recipe.learning_rate.start,
                                   recipe.learning_rate.end, recipe.learning_rate.every);
    for (const auto &[key, value] : recipe.optimizer.attributes) {
        text += fmt::format(" {} {}", key, std::get<double>(value));
    }
    // What is not used has no words: so runs from before there was any go on.
    const Preprocessing &preprocessing = recipe.preprocessing;
    if (preprocessing.scale != 1 || preprocessing.offset != 0) {
        text += fmt::format(" scale {} offset {}", preprocessing.scale, preprocessing.offset);
    }
    if (preprocessing.whitening) {
        text += fmt::format(" whitening contrast {} bias {}", preprocessing.whitening->contrast,
                            preprocessing.whitening->bias);
    }
    if (recipe.augmentation.flip) {
        text += " flip";
    }
    if (recipe.augmentation.crop > 0) {
        text += fmt::format(" crop {} fill {}", recipe.augmentation.crop, recipe.augmentation.fill);
    }
    return text;
}

/** A part of the data as a network takes it. */
struct Examples {
    Array inputs, labels;
};

Examples examples(const Graph &network, const Preprocessing &preprocessing, const Arrays &fitted,
                  DataSet data) {
    Array labels = data.labels;
    return {network_inputs(network, preprocessing, std::move(data), fitted), std::move(labels)};
}

/** One call of fit(). */
class Run {
public:
    Run(const Graph &network, const Recipe &recipe, DataSplits data, const FitOptions &options)
        : recipe_(recipe),
          options_(options),
          state_(begin(network, data.train)),
          train_(examples(network, recipe.preprocessing, state_.preprocessing, std::move(data.train))),
          validation_(
              examples(network, recipe.preprocessing, state_.preprocessing, std::move(data.validation))),
          test_(examples(network, recipe.preprocessing, state_.preprocessing, std::move(data.test))),
          batches_(train_.inputs, train_.labels, recipe, options.seed),
          evaluator_(network, deployable_parameters(network, options.seed),
                     {.compiling = compiling("the network")}),
          trainer_(network, recipe,
                   {.seed = options.seed,
                    .threads = options.threads,
                    .compiling = compiling("the training step")}) {
        if (state_.parameters.empty()) {
            return;
        }
        try {
            trainer_.restore(state_.parameters, state_.moments, state_.steps);
        } catch (const CompileError &e) {
            throw CompileError(fmt::format("{}: {}", options_.checkpoint, e.what()));
        }
    }

    FitResult run() {
        resumed_batches_ = state_.epoch * batches_.count() + state_.position;
        while (state_.epoch < recipe_.epochs) {
            train_epoch();
            finish_epoch();
        }
        FitResult result;
        result.last_parameters = trainer_.parameters();
        result.last_test_error = error(result.last_parameters, test_);
        result.parameters = state_.best;
        result.test_error = error(result.parameters, test_);
        result.history = history_;
        result.best_epoch = state_.best_epoch;
        result.validation_error = state_.best_error;
        result.seconds = seconds_since(start_);
        return result;
    }

private:
    std::function<void(int)> compiling(const char *what) const {
        return [this, what](int kernels) {
            if (options_.compiling) {
                options_.compiling(what, kernels);
            }
        };
    }

    /** The run to go on with: that in the file, or a new one. */
    Checkpoint begin(const Graph &network, const DataSet &train) {
        const std::string &path = options_.checkpoint;
        Checkpoint fresh;
        fresh.network = network.name;
        fresh.seed = options_.seed;
        fresh.recipe = recipe_text(recipe_);
        if (path.empty() || options_.restart || !std::filesystem::exists(path)) {
            fresh.preprocessing = fit_preprocessing(network, recipe_.preprocessing, train);
            return fresh;
        }
        Checkpoint found = load_checkpoint(path, network);
        user_check(found.recipe == fresh.recipe,
                   "{}: expected a run of the recipe '{}', found one of {:?}; --restart begins anew", path,
                   fresh.recipe, found.recipe);
        user_check(found.seed == fresh.seed,
                   "{}: expected a run with seed {}, found one with {}; --restart begins anew", path,
                   fresh.seed, found.seed);
        const int64_t batches = train.size() / recipe_.batch;
        user_check(
            found.epoch <= recipe_.epochs && found.position < batches &&
                found.steps == found.epoch * batches + found.position,
            "{}: expected a position within {} epochs of {} batches, found epoch {} batch {} after {} steps",
            path, recipe_.epochs, batches, found.epoch, found.position, found.steps);
        for (size_t i = 0; i < found.losses.size(); ++i) {
            const int64_t epoch = found.epoch - static_cast<int64_t>(found.losses.size() - i);
            history_.push_back({.epoch = epoch + 1,
                                .steps = (epoch + 1) * batches,
                                .loss = found.losses[i],
                                .validation_error = found.validation_errors[i],
                                .learning_rate = rate_of(epoch)});
        }
        return found;
    }

    void train_epoch() {
        const double rate = rate_of(state_.epoch);
        epoch_start_ = Clock::now();
        batches_.begin_epoch(state_.epoch);
        while (state_.position < batches_.count()) {
            batches_.gather(state_.position);
            state_.loss_sum += trainer_.step(batches_.images(), batches_.labels(), rate);
            ++state_.position;
            report(rate, false);
            if (seconds_since(saved_) > options_.checkpoint_seconds && state_.position < batches_.count()) {
                save();
            }
        }
    }

    void finish_epoch() {
        const double rate = rate_of(state_.epoch);
        const Arrays parameters = trainer_.parameters();
        validation_error_ = error(parameters, validation_);
        if (state_.best.empty() || validation_error_ < state_.best_error) {
            state_.best = parameters;
            state_.best_error = validation_error_;
            state_.best_epoch = state_.epoch + 1;
        }
        const double loss = state_.loss_sum / static_cast<double>(batches_.count());
        history_.push_back({.epoch = state_.epoch + 1,
                            .steps = trainer_.steps(),
                            .loss = loss,
                            .validation_error = validation_error_,
                            .learning_rate = rate,
                            .seconds = seconds_since(epoch_start_)});
        state_.losses.push_back(loss);
        state_.validation_errors.push_back(validation_error_);
        report(rate, true);
        ++state_.epoch;
        state_.position = 0;
        state_.loss_sum = 0;
        save();
    }

    double error(const Arrays &parameters, const Examples &data) {
        evaluator_.set_parameters(parameters);
        return error_rate(evaluator_.run(data.inputs), data.labels);
    }

    double rate_of(int64_t epoch) const {
        return recipe_.learning_rate.at(static_cast<int>(epoch), recipe_.epochs);
    }

    void save() {
        saved_ = Clock::now();
        if (options_.checkpoint.empty()) {
            return;
        }
        state_.parameters = trainer_.parameters();
        state_.moments = trainer_.moments();
        state_.steps = trainer_.steps();
        save_checkpoint(options_.checkpoint, state_);
    }

    void report(double rate, bool epoch_done) const {
        if (!options_.progress) {
            return;
        }
        const double seconds = seconds_since(start_);
        const int64_t done = state_.epoch * batches_.count() + state_.position;
        const int64_t left = recipe_.epochs * batches_.count() - done;
        options_.progress({.epoch = state_.epoch + 1,
                           .epochs = recipe_.epochs,
                           .step = state_.position,
                           .steps = batches_.count(),
                           .loss = state_.loss_sum / static_cast<double>(state_.position),
                           .learning_rate = rate,
                           .seconds = seconds,
                           .seconds_left = seconds * static_cast<double>(left) /
                                           static_cast<double>(done - resumed_batches_),
                           .epoch_done = epoch_done,
                           .validation_error = validation_error_,
                           .best_error = state_.best_error,
                           .best_epoch = state_.best_epoch,
                           .history = history_});
    }

    const Recipe &recipe_;
    const FitOptions &options_;
    std::vector<EpochRecord> history_;
    Checkpoint state_;  // before what takes long: the file may be of another run
    Examples train_, validation_, test_;
    Batches batches_;
    Evaluator evaluator_;  ///< before the trainer: what cannot be deployed is not trained
    Trainer trainer_;
    int64_t resumed_batches_ = 0;
    double validation_error_ = 1;
    Clock::time_point start_ = Clock::now(), saved_ = Clock::now(), epoch_start_ = Clock::now();
};

}  // namespace

FitResult fit(const Graph &network, const Recipe &recipe, DataSplits data, const FitOptions &options) {
    check_recipe(network.name, recipe);

    user_check(data.train.size() >= recipe.batch,
               "network '{}': expected at least {} training images, found {}", network.name, recipe.batch,
               data.train.size());
    return Run(network, recipe, std::move(data), options).run();
}

}  // namespace quantide
