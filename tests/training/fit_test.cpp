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
