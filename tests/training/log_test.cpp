#include "training/log.h"

#include "tests/base/expect_error.h"
#include "tests/base/temporary_folder.h"
#include "training/plot.h"

namespace quantide {

namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

const std::vector<EpochRecord> kEpochs = {
    {.epoch = 1,
     .steps = 10,
     .loss = 0.1 + 0.2,
     .validation_error = 0.5,
     .learning_rate = 1e-3,
     .seconds = 2.5},
    {.epoch = 2, .steps = 20, .loss = 0.25, .validation_error = 0.25, .learning_rate = 3e-7},
    {.epoch = 3, .steps = 30, .loss = 0.125, .validation_error = 0.375, .learning_rate = 1e-9, .seconds = 0}};

TEST(TrainingLog, HasALineAnEpoch) {
    EXPECT_EQ(format_log(kEpochs),
              "epoch,steps,loss,validation_error,learning_rate,seconds\n"
              "1,10,0.30000000000000004,0.5,0.001,2.500\n"
              "2,20,0.25,0.25,3e-07,\n"
              "3,30,0.125,0.375,1e-09,0.000\n");
    EXPECT_EQ(format_log({}), "epoch,steps,loss,validation_error,learning_rate,seconds\n");
}

TEST(TrainingLog, GivesTheSecondsOfTheEpochsItHas) {
    const TemporaryFolder folder;
    EXPECT_TRUE(read_log_seconds(folder / "absent", kEpochs).empty());
    const std::string whole = format_log(kEpochs);
    const std::string path = folder.add("log.csv", whole);
    EXPECT_THAT(read_log_seconds(path, kEpochs), ElementsAre(Pair(1, 2.5), Pair(3, 0)));
    // Of an epoch that went otherwise nothing is known, nor of one whose line is damaged.
    std::vector<EpochRecord> other = kEpochs;
    other[0].loss = 0.3;
    EXPECT_THAT(read_log_seconds(path, other), ElementsAre(Pair(3, 0)));
    for (const char *bad : {"-1", "nan", "inf", "x", "2.5,1", "1e999"}) {
        std::string text = whole;
        folder.add("log.csv", text.replace(text.find("2.500"), 5, bad));
        EXPECT_THAT(read_log_seconds(path, kEpochs), ElementsAre(Pair(3, 0))) << bad;
    }
    for (size_t size = whole.find('\n') + 1; size < whole.size(); ++size) {
        folder.add("log.csv", whole.substr(0, size));
        EXPECT_EQ(read_log_seconds(path, kEpochs).size(), size > whole.find("2.500") + 5 ? 1U : 0U);
    }
    folder.add("log.csv", "");
    EXPECT_TRUE(read_log_seconds(path, kEpochs).empty());
}

TEST(TrainingLog, ReplacesNoOtherFile) {
    const TemporaryFolder folder;
    const std::string path = folder.add("notes.txt", "what I must not forget\n");
    expect_error([&] { read_log_seconds(path, {}); }, {path, "training log", "another file"});
}

size_t count(const std::string &text, const std::string &what) {
    size_t result = 0;
    for (size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) {
        ++result;
    }
    return result;
}

TEST(Plot, ShowsEveryEpoch) {
    const std::string svg =
        plot_training(kEpochs, {.title = "a < b & c", .best_epoch = 2, .test_error = 0.3});
    EXPECT_TRUE(svg.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\""));
    EXPECT_TRUE(svg.ends_with("</svg>\n"));
    for (const char *text : {"a &lt; b &amp; c", ">loss<", ">error, %<", ">epoch<", ">training<",
                             ">validation<", ">best epoch<", ">test, best epoch<"}) {
        EXPECT_THAT(svg, HasSubstr(text));
    }
    EXPECT_EQ(count(svg, "<polyline"), 2U);
    // Three epochs in two panels, and one dot in each legend.
    EXPECT_EQ(count(svg, "<circle"), 3U * 2 + 2);
}

TEST(Plot, TakesWhatHasNoPlace) {
    std::vector<EpochRecord> epochs = kEpochs;
    epochs[1].loss = std::nan("");
    epochs[2].loss = std::numeric_limits<double>::infinity();
    for (const auto &some : {std::span<const EpochRecord>(), std::span<const EpochRecord>(epochs).first(1),
                             std::span<const EpochRecord>(epochs)}) {
        const std::string svg = plot_training(some, {});
        EXPECT_THAT(svg, testing::Not(HasSubstr("nan")));
        EXPECT_THAT(svg, testing::Not(HasSubstr("inf")));
        EXPECT_TRUE(svg.ends_with("</svg>\n"));
    }
}

TEST(Plot, TicksAreRoundAndCoverTheRange) {
    EXPECT_THAT(axis_ticks(0, 1.76, 6), ElementsAre(0, 0.5, 1, 1.5, 2));
    EXPECT_THAT(axis_ticks(0, 80, 6), ElementsAre(0, 20, 40, 60, 80));
    EXPECT_THAT(axis_ticks(1, 500, 8), ElementsAre(0, 100, 200, 300, 400, 500));
    EXPECT_THAT(axis_ticks(1, 1, 8), ElementsAre(1));
    for (const double high : {1e-9, 0.03, 0.7, 1.0, 9.99, 10.0, 54321.0}) {
        for (const int wanted : {3, 6, 10}) {
            const std::vector<double> ticks = axis_ticks(0, high, wanted);
            EXPECT_EQ(ticks.front(), 0);
            EXPECT_GE(ticks.back(), high * (1 - 1e-6));
            EXPECT_LE(ticks.size(), static_cast<size_t>(wanted) + 2);
            EXPECT_GE(ticks.size(), static_cast<size_t>(wanted) / 3 + 1);
        }
    }
}

}  // namespace

}  // namespace quantide
