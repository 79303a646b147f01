#include "training/fit.h"

#include "compiler/base/philox.h"
#include "training/evaluator.h"

#include <chrono>
#include <cstring>
#include <filesystem>

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
    return text;
}

/** Rows of a data set in the order of an epoch, gathered batch by batch. */
class Batches {
public:
    Batches(const Array &images, const Array &labels, int64_t batch)
        : images_(images),
          labels_(labels),
          row_bytes_(images.bytes.size() / static_cast<size_t>(images.shape[0])),
          batch_(static_cast<size_t>(batch)),
          images_out_(batch_ * row_bytes_),
          labels_out_(batch_) {}

    int64_t count() const { return images_.shape[0] / static_cast<int64_t>(batch_); }

    void shuffle(uint64_t seed, int64_t epoch) {
        order_ = permutation(static_cast<int32_t>(images_.shape[0]), seed, static_cast<uint32_t>(epoch));
    }

    void gather(int64_t index) {
        for (size_t i = 0; i < batch_; ++i) {
            const auto row = static_cast<size_t>(order_[static_cast<size_t>(index) * batch_ + i]);
            std::memcpy(&images_out_[i * row_bytes_], &images_.bytes[row * row_bytes_], row_bytes_);
            labels_out_[i] = labels_.as<uint8_t>()[row];
        }
    }

    const void *images() const { return images_out_.data(); }
    const uint8_t *labels() const { return labels_out_.data(); }

private:
    const Array &images_, &labels_;
    size_t row_bytes_, batch_;
    AlignedBytes images_out_;
    std::vector<uint8_t> labels_out_;
    std::vector<int32_t> order_;
};

/** One call of fit(). */
class Run {
public:
    Run(const Graph &network, const Recipe &recipe, const DataSplits &data, const FitOptions &options)
        : recipe_(recipe),
          data_(data),
          options_(options),
          train_images_(network_inputs(network, recipe.preprocessing, data.train)),
          validation_images_(network_inputs(network, recipe.preprocessing, data.validation)),
          test_images_(network_inputs(network, recipe.preprocessing, data.test)),
          batches_(train_images_, data.train.labels, recipe.batch),
          state_(begin(network)),
          trainer_(network, recipe,
                   {.seed = options.seed,
                    .threads = options.threads,
                    .compiling = compiling("the training step")}),
          evaluator_(network, trainer_.parameters(), {.compiling = compiling("the network")}) {
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
        result.last_test_error = error(result.last_parameters, test_images_, data_.test);
        result.parameters = state_.best;
        result.test_error = error(result.parameters, test_images_, data_.test);
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
    Checkpoint begin(const Graph &network) const {
        const std::string &path = options_.checkpoint;
        Checkpoint fresh;
        fresh.network = network.name;
        fresh.seed = options_.seed;
        fresh.recipe = recipe_text(recipe_);
        if (path.empty() || options_.restart || !std::filesystem::exists(path)) {
            return fresh;
        }
        Checkpoint found = load_checkpoint(path, network);
        user_check(found.recipe == fresh.recipe,
                   "{}: expected a run of the recipe '{}', found one of {:?}; --restart begins anew", path,
                   fresh.recipe, found.recipe);
        user_check(found.seed == fresh.seed,
                   "{}: expected a run with seed {}, found one with {}; --restart begins anew", path,
                   fresh.seed, found.seed);
        user_check(
            found.epoch <= recipe_.epochs && found.position < batches_.count() &&
                found.steps == found.epoch * batches_.count() + found.position,
            "{}: expected a position within {} epochs of {} batches, found epoch {} batch {} after {} steps",
            path, recipe_.epochs, batches_.count(), found.epoch, found.position, found.steps);
        return found;
    }

    void train_epoch() {
        const double rate = recipe_.learning_rate.at(static_cast<int>(state_.epoch), recipe_.epochs);
        batches_.shuffle(options_.seed, state_.epoch);
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
        const double rate = recipe_.learning_rate.at(static_cast<int>(state_.epoch), recipe_.epochs);
        const Arrays parameters = trainer_.parameters();
        validation_error_ = error(parameters, validation_images_, data_.validation);
        if (state_.best.empty() || validation_error_ < state_.best_error) {
            state_.best = parameters;
            state_.best_error = validation_error_;
            state_.best_epoch = state_.epoch + 1;
        }
        report(rate, true);
        ++state_.epoch;
        state_.position = 0;
        state_.loss_sum = 0;
        save();
    }

    double error(const Arrays &parameters, const Array &images, const DataSet &data) {
        evaluator_.set_parameters(parameters);
        return error_rate(evaluator_.run(images), data.labels);
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
                           .best_epoch = state_.best_epoch});
    }

    const Recipe &recipe_;
    const DataSplits &data_;
    const FitOptions &options_;
    Array train_images_, validation_images_, test_images_;
    Batches batches_;
    Checkpoint state_;  // before what takes long to compile: the file may be of another run
    Trainer trainer_;
    Evaluator evaluator_;
    int64_t resumed_batches_ = 0;
    double validation_error_ = 1;
    Clock::time_point start_ = Clock::now(), saved_ = Clock::now();
};

}  // namespace

FitResult fit(const Graph &network, const Recipe &recipe, const DataSplits &data, const FitOptions &options) {
    check_recipe(network.name, recipe);
    user_check(data.train.size() >= recipe.batch,
               "network '{}': expected at least {} training images, found {}", network.name, recipe.batch,
               data.train.size());
    return Run(network, recipe, data, options).run();
}

Array network_inputs(const Graph &network, const Preprocessing &preprocessing, const DataSet &data) {
    for (const Node &node : network.nodes) {
        if (node.op != "input") {
            continue;
        }
        const Value &input = network.value(node.outputs[0]);
        user_check(input.shape.at(1) == data.features(),
                   "input '{}' of network '{}': expected {} features, found {} in the data", input.name,
                   network.name, input.shape.at(1), data.features());
        const int64_t classes = network.value(network.outputs.at(0)).shape.at(1);
        user_check(classes == data.classes, "network '{}': expected data of {} classes, found {}",
                   network.name, classes, data.classes);
        if (input.type == UInt(8)) {
            user_check(preprocessing.scale == 1 && preprocessing.offset == 0,
                       "input '{}' of network '{}': expected no preprocessing of an 8-bit input, which has "
                       "its own scale and offset",
                       input.name, network.name);
            return data.images;
        }
        Array result(Float(32), data.images.shape);
        for (size_t i = 0; i < result.floats().size(); ++i) {
            result.floats()[i] =
                preprocessing.scale * static_cast<float>(data.images.as<uint8_t>()[i]) + preprocessing.offset;
        }
        return result;
    }
    throw CompileError(fmt::format("network '{}': expected an input, found none", network.name));
}

}  // namespace quantide
