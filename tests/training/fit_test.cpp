#include "training/fit.h"

#include "tests/base/expect_error.h"
#include "tests/base/temporary_folder.h"
#include "tests/dsl/random_network.h"
#include "training/evaluator.h"

namespace quantide {

namespace {

constexpr int kClasses = 3;

Graph network() {
    return build("net", [] {
        const Tensor x = input("image", {9}, UInt(8), {.scale = 2.0F / 255, .offset = -1});
        return batch_norm(dense(x, {.units = kClasses, .weights = sign()}));
    });
}

Recipe recipe() {
    return {.summary = "",
            .data = "random",
            .preprocessing = {},
            .loss = squared_hinge(),
            .optimizer = adam(),
            .learning_rate = exponential(1e-2, 1e-3),
            .epochs = 3,
            .batch = 10};
}

/** Rows whose class is that of the largest of the first pixels. */
DataSet data_set(int64_t rows, uint32_t seed) {
    Random random(seed);
    DataSet data{
        .images = random.codes(UInt(8), {rows, 9}), .labels = Array(UInt(8), {rows}), .classes = kClasses};
    for (int64_t row = 0; row < rows; ++row) {
        const auto first = data.images.as<uint8_t>().begin() + row * 9;
        data.labels.as<uint8_t>()[static_cast<size_t>(row)] =
            static_cast<uint8_t>(std::max_element(first, first + kClasses) - first);
    }
    return data;
}

DataSplits splits() {
    return {.train = data_set(75, 1), .validation = data_set(20, 2), .test = data_set(30, 3)};
}

struct Killed {};

void expect_same(const FitResult &found, const FitResult &expected) {
    EXPECT_EQ(found.parameters, expected.parameters);
    EXPECT_EQ(found.last_parameters, expected.last_parameters);
    EXPECT_EQ(found.best_epoch, expected.best_epoch);
    EXPECT_EQ(found.validation_error, expected.validation_error);
    EXPECT_EQ(found.test_error, expected.test_error);
    EXPECT_EQ(found.last_test_error, expected.last_test_error);
}

TEST(Fit, ReportsEveryStepAndKeepsTheBestEpoch) {
    std::vector<FitProgress> reports;
    FitOptions options;
    options.progress = [&](const FitProgress &progress) { reports.push_back(progress); };
    const DataSplits data = splits();
    const FitResult result = fit(network(), recipe(), data, options);
    ASSERT_EQ(reports.size(), 3U * (7 + 1));
    double best = 2;
    int64_t best_epoch = 0;
    for (size_t i = 0; i < reports.size(); ++i) {
        const auto epoch = static_cast<int64_t>(i / 8), step = static_cast<int64_t>(i % 8);
        EXPECT_EQ(reports[i].epoch, epoch + 1);
        EXPECT_EQ(reports[i].epochs, 3);
        EXPECT_EQ(reports[i].step, std::min<int64_t>(step + 1, 7));
        EXPECT_EQ(reports[i].steps, 7);
        EXPECT_EQ(reports[i].epoch_done, step == 7);
        EXPECT_EQ(reports[i].learning_rate, recipe().learning_rate.at(static_cast<int>(epoch), 3));
        EXPECT_GT(reports[i].loss, 0);
        if (step == 7 && reports[i].validation_error < best) {
            best = reports[i].validation_error;
            best_epoch = epoch + 1;
        }
    }
    EXPECT_EQ(result.best_epoch, best_epoch);
    EXPECT_EQ(result.validation_error, best);
    EXPECT_EQ(error_rate(Evaluator(network(), result.parameters).run(data.test.images), data.test.labels),
              result.test_error);
    EXPECT_EQ(
        error_rate(Evaluator(network(), result.last_parameters).run(data.test.images), data.test.labels),
        result.last_test_error);
}

TEST(Fit, ResumesWithTheSameBitsFromAnyStep) {
    const DataSplits data = splits();
    const FitResult expected = fit(network(), recipe(), data, {});
    for (int kill_at : {4, 8, 20}) {
        SCOPED_TRACE(testing::Message() << "killed at report " << kill_at);
        TemporaryFolder folder;
        FitOptions options;
        options.checkpoint = folder / "run.safetensors";
        options.checkpoint_seconds = 0;
        int reports = 0;
        options.progress = [&](const FitProgress &) {
            if (++reports == kill_at) {
                throw Killed{};
            }
        };
        EXPECT_THROW(fit(network(), recipe(), data, options), Killed);
        expect_same(fit(network(), recipe(), data, options), expected);
        if (kill_at == 20) {
            const int before = reports;
            expect_same(fit(network(), recipe(), data, options), expected);
            EXPECT_EQ(reports, before) << "there is nothing left to do";
        }
    }
}

/** The same of 9 pixels as an image. */
Graph image_network() {
    return build("net", [] {
        const Tensor x = input("image", {1, 3, 3}, UInt(8), {.scale = 2.0F / 255, .offset = -1});
        return batch_norm(dense(flatten(x), {.units = kClasses, .weights = sign()}));
    });
}

Graph float_network() {
    return build("net", [] { return dense(input("image", {9}, Float(32)), {.units = kClasses}); });
}

/** Trains, killed at a report, and again. */
FitResult fit_killed(const Graph &graph, const Recipe &trained, const DataSplits &data, int kill_at,
                     const std::string &checkpoint) {
    FitOptions options;
    options.checkpoint = checkpoint;
    options.checkpoint_seconds = 0;
    options.progress = [&, reports = 0](const FitProgress &) mutable {
        if (++reports == kill_at) {
            throw Killed{};
        }
    };
    EXPECT_THROW(fit(graph, trained, data, options), Killed);
    options.progress = nullptr;
    return fit(graph, trained, data, options);
}

TEST(Fit, ChangesImagesTheSameWayWhenResumed) {
    const DataSplits data = splits();
    const Recipe plain = recipe();
    Recipe augmented = plain;
    augmented.augmentation = {.flip = true, .crop = 1, .fill = 100};
    const FitResult expected = fit(image_network(), augmented, data, {});
    EXPECT_NE(fit(image_network(), plain, data, {}).last_parameters, expected.last_parameters);
    for (int kill_at : {5, 12}) {
        const TemporaryFolder folder;
        expect_same(fit_killed(image_network(), augmented, data, kill_at, folder / "run"), expected);
        // Another recipe is another run.
        FitOptions options;
        options.checkpoint = folder / "run";
        expect_error([&] { fit(image_network(), plain, data, options); },
                     {folder / "run", "recipe", "flip crop 1 fill 100"});
    }
    expect_error([&] { fit(network(), augmented, data, {}); }, {"augmentation", "[channels, height, width]"});
}

TEST(Fit, WhitensByWhatTheCheckpointHolds) {
    const DataSplits data = splits();
    Recipe whitened = recipe();
    whitened.preprocessing.whitening = Whitening{};
    const FitResult expected = fit(float_network(), whitened, data, {});
    const TemporaryFolder folder;
    expect_same(fit_killed(float_network(), whitened, data, 5, folder / "run"), expected);
    const Arrays fitted = load_preprocessing(folder / "run");
    EXPECT_EQ(fitted, fit_preprocessing(float_network(), whitened.preprocessing, data.train));
    const Array inputs = network_inputs(float_network(), whitened.preprocessing, data.test, fitted);
    EXPECT_EQ(error_rate(Evaluator(float_network(), expected.parameters).run(inputs), data.test.labels),
              expected.test_error);
    expect_error([&] { network_inputs(float_network(), whitened.preprocessing, data.test); },
                 {"'preprocessing.whitening.mean'", "none"});
    Arrays wrong = fitted;
    wrong["whitening.matrix"] = Array(Float(32), {9, 8});
    expect_error([&] { network_inputs(float_network(), whitened.preprocessing, data.test, wrong); },
                 {"'preprocessing.whitening.matrix'", "f32[9, 9]", "f32[9, 8]"});
    expect_error([&] { fit(network(), whitened, data, {}); }, {"input 'image'", "preprocessing"});
}

TEST(Fit, KeepsTheHistoryOfTheRun) {
    const DataSplits data = splits();
    std::vector<double> losses, errors;
    FitOptions watched;
    watched.progress = [&](const FitProgress &progress) {
        EXPECT_EQ(progress.history.size(),
                  static_cast<size_t>(progress.epoch - (progress.epoch_done ? 0 : 1)));
        if (progress.epoch_done) {
            losses.push_back(progress.loss);
            errors.push_back(progress.validation_error);
        }
    };
    const FitResult whole = fit(network(), recipe(), data, watched);
    const TemporaryFolder folder;
    const FitResult resumed = fit_killed(network(), recipe(), data, 18, folder / "run");
    ASSERT_EQ(whole.history.size(), 3U);
    ASSERT_EQ(resumed.history.size(), 3U);
    for (size_t i = 0; i < 3; ++i) {
        for (const FitResult *result : {&whole, &resumed}) {
            const EpochRecord &epoch = result->history[i];
            EXPECT_EQ(epoch.epoch, static_cast<int64_t>(i) + 1);
            EXPECT_EQ(epoch.steps, 7 * (static_cast<int64_t>(i) + 1));
            EXPECT_EQ(epoch.loss, losses.at(i));
            EXPECT_EQ(epoch.validation_error, errors.at(i));
            EXPECT_EQ(epoch.learning_rate, recipe().learning_rate.at(static_cast<int>(i), 3));
        }
        EXPECT_GE(whole.history[i].seconds, 0);
        EXPECT_EQ(std::isnan(resumed.history[i].seconds), i < 2) << "killed in the third epoch";
    }
}

TEST(Fit, NamesARecipeAsItDidBefore) {
    const TemporaryFolder folder;
    FitOptions options;
    options.checkpoint = folder / "run";
    fit(network(), recipe(), splits(), options);
    EXPECT_EQ(
        load_checkpoint(folder / "run", network()).recipe,
        "random squared_hinge adam epochs 3 batch 10 rate 1 0.01 0.001 1 beta1 0.9 beta2 0.999 eps 1e-08");
}

TEST(Fit, DependsOnTheSeedAndNotOnThreads) {
    const DataSplits data = splits();
    FitOptions one, two, other;
    one.threads = 1;
    two.threads = 2;
    other.seed = 2;
    const FitResult expected = fit(network(), recipe(), data, one);
    expect_same(fit(network(), recipe(), data, two), expected);
    EXPECT_NE(fit(network(), recipe(), data, other).last_parameters, expected.last_parameters);
}

TEST(Fit, RefusesToResumeAnotherRunAndLeavesItsFile) {
    TemporaryFolder folder;
    const DataSplits data = splits();
    FitOptions options;
    options.checkpoint = folder / "run.safetensors";
    Recipe short_recipe = recipe();
    short_recipe.epochs = 1;
    fit(network(), short_recipe, data, options);
    const std::string before = content_of(options.checkpoint);
    expect_error([&] { fit(network(), recipe(), data, options); },
                 {options.checkpoint, "recipe", "epochs 3", "epochs 1", "--restart"});
    FitOptions seeded = options;
    seeded.seed = 9;
    expect_error([&] { fit(network(), short_recipe, data, seeded); },
                 {options.checkpoint, "seed 9", "--restart"});
    DataSplits smaller = data;
    smaller.train = slice(data.train, 0, 35);
    expect_error([&] { fit(network(), short_recipe, smaller, options); },
                 {options.checkpoint, "3 batches", "7 steps"});
    EXPECT_EQ(content_of(options.checkpoint), before);
    folder.add("run.safetensors", "nonsense");
    expect_error([&] { fit(network(), short_recipe, data, options); }, {options.checkpoint});
    EXPECT_EQ(content_of(options.checkpoint), "nonsense");
    options.restart = true;
    fit(network(), short_recipe, data, options);
    EXPECT_EQ(content_of(options.checkpoint), before);
}

TEST(Fit, NamesTheFileThatLacksAMoment) {
    TemporaryFolder folder;
    FitOptions options;
    options.checkpoint = folder / "run.safetensors";
    fit(network(), recipe(), splits(), options);
    Checkpoint found = load_checkpoint(options.checkpoint, network());
    found.moments.erase("dense1.weight.m");
    save_checkpoint(options.checkpoint, found);
    expect_error([&] { fit(network(), recipe(), splits(), options); },
                 {options.checkpoint, "'dense1.weight.m'", "none"});
}

TEST(Fit, RefusesWhatCannotBeDeployedBeforeItTrains) {
    const Graph undeployable = build("net", [] {
        Tensor x = input("image", {9}, UInt(8), {.scale = 2.0F / 255, .offset = -1});
        x = quantize(batch_norm(dense(x, {.units = 7, .weights = affine(8)})), affine(8));
        return dense(x, {.units = kClasses, .weights = affine(8), .arithmetic = "popcount"});
    });
    FitOptions options;
    options.compiling = [](const std::string &, int) { FAIL() << "compiles"; };
    expect_error([&] { fit(undeployable, recipe(), splits(), options); },
                 {"dense2", "bytes", "found 'popcount'"});
}

TEST(Fit, RefusesDataThatDoesNotFit) {
    const auto expect_refused = [](const std::function<void(DataSplits &)> &change,
                                   std::initializer_list<std::string> fragments) {
        DataSplits data = splits();
        change(data);
        expect_error([&] { fit(network(), recipe(), data, {}); }, fragments);
    };
    expect_refused(
        [](DataSplits &data) {
            data.train.images = Array(UInt(8), {75, 8});
        },
        {"input 'image'", "9 features", "8"});
    expect_refused(
        [](DataSplits &data) {
            data.test.images = Array(UInt(8), {30, 10});
        },
        {"input 'image'", "9 features", "10"});
    expect_refused([](DataSplits &data) { data.train.classes = 10; }, {"network 'net'", "3 classes", "10"});
    expect_refused([](DataSplits &data) { data.train = slice(data.train, 0, 9); },
                   {"network 'net'", "at least 10", "9"});
    Recipe scaled = recipe();
    scaled.preprocessing = {.scale = 2, .offset = 0};
    expect_error([&] { fit(network(), scaled, splits(), {}); }, {"input 'image'", "preprocessing"});
}

TEST(NetworkInputs, AreScaledForFloatInputs) {
    const Graph graph = build("net", [] { return dense(input("image", {2}, Float(32)), {.units = 3}); });
    const DataSet data{.images = make_array<uint8_t>(UInt(8), {2, 2}, {0, 1, 2, 255}),
                       .labels = Array(UInt(8), {2}),
                       .classes = 3};
    EXPECT_EQ(elements(network_inputs(graph, {.scale = 0.5F, .offset = -1}, data)),
              (std::vector<float>{-1, -0.5F, 0, 126.5F}));
}

}  // namespace

}  // namespace quantide
