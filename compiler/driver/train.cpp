#include "compiler/base/file.h"
#include "compiler/driver/command.h"
#include "compiler/driver/progress.h"
#include "compiler/driver/support.h"
#include "compiler/driver/text.h"
#include "training/plot.h"

#include <nlohmann/json.hpp>

#include <climits>
#include <cmath>
#include <filesystem>
#include <map>
#include <string_view>
#include <utility>

namespace quantide {

namespace {

struct TrainOptions {
    std::string network, data;
    std::optional<std::string> checkpoint, log, plot;
    std::optional<int> epochs, batch;
    std::optional<double> learning_rate;
    uint64_t seed = 1;
    int threads = 0;
    bool restart = false, json = false;
};

Recipe edited_recipe(const Network &network, const TrainOptions &options) {
    Recipe recipe = recipe_of(network);
    recipe.epochs = options.epochs.value_or(recipe.epochs);
    recipe.batch = options.batch.value_or(recipe.batch);
    if (options.learning_rate) {
        LearningRate &rate = recipe.learning_rate;
        // The schedule keeps its shape; the `end` of steps is a factor already.
        if (rate.kind != LearningRate::Kind::Steps) {
            rate.end *= *options.learning_rate / rate.start;
        }
        rate.start = *options.learning_rate;
    }
    check_recipe(network.name, recipe);
    return recipe;
}

/** Where a run is kept. */
struct RunFiles {
    std::string checkpoint, log, plot;
};

void print_result(const TrainOptions &options, const Recipe &recipe, const RunFiles &files,
                  const FitResult &result) {
    if (options.json) {
        const nlohmann::ordered_json json = {{"network", options.network},
                                             {"test_error", result.test_error},
                                             {"last_test_error", result.last_test_error},
                                             {"validation_error", result.validation_error},
                                             {"best_epoch", result.best_epoch},
                                             {"epochs", recipe.epochs},
                                             {"seconds", result.seconds},
                                             {"checkpoint", files.checkpoint},
                                             {"log", files.log},
                                             {"plot", files.plot}};
        fmt::print("{}\n", json.dump(2));
        return;
    }
    fmt::print("test error of the best epoch ({}): {}\n", result.best_epoch,
               format_percent(result.test_error));
    fmt::print("test error of the last epoch ({}): {}\n", recipe.epochs,
               format_percent(result.last_test_error));
    fmt::print("checkpoint: {}\nlog: {}\nplot: {}\n", files.checkpoint, files.log, files.plot);
}

/** Keeps the log of a run in a file. */
class TrainingLog {
public:
    TrainingLog(std::string path, bool anew) : path_(std::move(path)), anew_(anew) { check_can_write(path_); }

    /** Throws CompileError if the file there is no log, before anything is trained. */
    void check() const {
        if (!anew_) {
            read_log_seconds(path_, {});
        }
    }

    /** Seconds of epochs of which `history` has none are those of the file. */
    void write(std::span<const EpochRecord> history) {
        std::vector<EpochRecord> epochs(history.begin(), history.end());
        if (!anew_) {
            for (const auto &[epoch, seconds] : read_log_seconds(path_, epochs)) {
                seconds_.emplace(epoch, seconds);
            }
            anew_ = true;
        }
        for (EpochRecord &record : epochs) {
            const auto found = seconds_.find(record.epoch);
            if (std::isnan(record.seconds) && found != seconds_.end()) {
                record.seconds = found->second;
            }
        }
        write_file(path_, format_log(epochs));
    }

private:
    std::string path_;
    bool anew_;
    std::map<int64_t, double> seconds_;  ///< of the epochs before this call
};

/** The name of a file beside the checkpoint. */
std::string beside(const std::string &checkpoint, const char *extension) {
    const std::string_view known = ".safetensors";
    std::string stem = checkpoint;
    if (stem.ends_with(known)) {
        stem.resize(stem.size() - known.size());
    }
    return stem + extension;
}

void train(const TrainOptions &options) {
    const Network &network = find_network(options.network);
    const Recipe recipe = edited_recipe(network, options);
    const std::string checkpoint = options.checkpoint.value_or(options.network + ".safetensors");
    const std::string log_path = options.log.value_or(beside(checkpoint, ".csv")),
                      plot_path = options.plot.value_or(beside(checkpoint, ".svg"));
    check_can_write(checkpoint);
    check_can_write(plot_path);
    TrainingLog log(log_path, options.restart);
    const Graph graph = network.graph();
    std::string found_run;
    if (!options.restart && std::filesystem::exists(checkpoint)) {
        // Before anything is compiled, since it may be damaged.
        const Checkpoint found = load_checkpoint(checkpoint, graph);
        found_run =
            fmt::format("{}: found {} of {} epochs, {}; --restart begins anew\n", checkpoint, found.epoch,
                        recipe.epochs, found.epoch < recipe.epochs ? "going on" : "nothing is left to train");
    }
    log.check();
    DataSplits data = load_data(recipe, options.data);

    TrainingProgress progress;
    FitOptions fit_options;
    fit_options.checkpoint = checkpoint;
    fit_options.restart = options.restart;
    fit_options.seed = options.seed;
    fit_options.threads = options.threads;
    fit_options.compiling = show_compiling;
    fit_options.progress = [&](const FitProgress &p) {
        fmt::print(stderr, "{}", std::exchange(found_run, ""));
        progress.show(p);
        if (p.epoch_done) {
            log.write(p.history);
        }
    };
    if (recipe.preprocessing.whitening) {
        fmt::print(stderr, "whitening {} images: minutes, the first time\n",
                   data.train.size() + data.validation.size() + data.test.size());
    }
    const FitResult result = fit(graph, recipe, std::move(data), fit_options);
    fmt::print(stderr, "{}", found_run);
    log.write(result.history);
    write_file(plot_path, plot_training(result.history, {.title = options.network,
                                                         .best_epoch = result.best_epoch,
                                                         .test_error = result.test_error}));
    print_result(options, recipe, {checkpoint, log_path, plot_path}, result);
}

}  // namespace

std::function<void()> add_train(CLI::App &app) {
    auto options = std::make_shared<TrainOptions>();
    add_network_argument(app, options->network);
    app.add_option("--data", options->data, "Folder of the data set; without it, the data that ships");
    app.add_option("--checkpoint", options->checkpoint,
                   "File to keep the run in; a run found there goes on. Default: NET.safetensors");
    app.add_option("--log", options->log,
                   "File for a line an epoch: loss, validation error, learning rate, seconds, as CSV. "
                   "Default: the checkpoint's name with .csv");
    app.add_option("--plot", options->plot,
                   "File for a picture of the same at the end, as SVG. Default: the checkpoint's name with "
                   ".svg");
    app.add_option("--epochs", options->epochs, "Passes over the data; default: the recipe's")
        ->check(whole_number(1, INT_MAX));
    app.add_option("--batch", options->batch, "Images a step; default: the recipe's")
        ->check(whole_number(1, INT_MAX));
    app.add_option("--learning-rate", options->learning_rate,
                   "Rate of the first epoch; the schedule keeps its shape")
        ->check(positive_number());
    app.add_option("--seed", options->seed, "Of the initial weights and the order of images")
        ->check(whole_number(0, UINT64_MAX))
        ->capture_default_str();
    add_threads_option(app, options->threads);
    app.add_flag("--restart", options->restart, "Begin anew even if the checkpoint exists");
    app.add_flag("--json", options->json, "Print the result as JSON");
    return [options] { train(*options); };
}

}  // namespace quantide
