#include "tests/data/make_cifar10.h"
#include "tests/driver/driver_process.h"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include <algorithm>

namespace quantide {

namespace {

/** Evaluates network.safetensors by every backend, which must give `error` and the same bits. */
void expect_same_scores(const TemporaryFolder &folder, const std::string &network,
                        const nlohmann::json &error) {
    const std::string eval = fmt::format(
        "eval {0} --data . --checkpoint {0}.safetensors --json --scores scores --backend ", network);
    std::string expected;
    for (const char *backend : {"reference", "jit", "library"}) {
        const nlohmann::json found = nlohmann::json::parse(expect_driver(folder.path(), eval + backend));
        EXPECT_EQ(found["error"], error) << backend;
        EXPECT_EQ(found["images"], 12) << backend;
        const std::string scores = content_of(folder / "scores");
        ASSERT_EQ(scores.size(), size_t{12} * 10 * 4);
        expected = expected.empty() ? scores : expected;
        EXPECT_EQ(scores, expected) << backend;
    }
}

TEST(Images, AreTrainedEvaluatedAndCompiledFromTheirFiles) {
    const TemporaryFolder folder;
    write_cifar10(folder.path(), 12);
    const nlohmann::json trained =
        nlohmann::json::parse(expect_driver(folder.path(), "train tiny_images --data . --json"));
    EXPECT_EQ(trained["epochs"], 2);

    const std::string log = content_of(folder / "tiny_images.csv");
    EXPECT_EQ(std::count(log.begin(), log.end(), '\n'), 3) << "a header and two epochs:\n" << log;
    EXPECT_THAT(log, testing::HasSubstr("\n2,10,")) << "5 batches of 10 in 54 images:\n" << log;
    EXPECT_TRUE(content_of(folder / "tiny_images.svg").ends_with("</svg>\n"));

    expect_same_scores(folder, "tiny_images", trained["test_error"]);
    expect_driver(folder.path(), "compile tiny_images --checkpoint tiny_images.safetensors -o out");
    EXPECT_THAT(content_of(folder / "out/tiny_images.h"), testing::HasSubstr("TINY_IMAGES_IN_ELEMENTS 3072"));

    // Training is the same again, and otherwise from another seed.
    expect_driver(folder.path(), "train tiny_images --data . --checkpoint again");
    EXPECT_EQ(content_of(folder / "again"), content_of(folder / "tiny_images.safetensors"));
    expect_driver(folder.path(), "train tiny_images --data . --checkpoint other --seed 2");
    EXPECT_NE(content_of(folder / "other"), content_of(folder / "again"));
}

TEST(Images, AreTestedByTheRealWeightsBehindThoseThatTrainingDraws) {
    const TemporaryFolder folder;
    write_cifar10(folder.path(), 12);
    const nlohmann::json trained =
        nlohmann::json::parse(expect_driver(folder.path(), "train tiny_drawn --data . --json"));
    expect_same_scores(folder, "tiny_drawn", trained["test_error"]);
}

TEST(Images, NeedTheirFiles) {
    const TemporaryFolder folder;
    const DriverResult result = run_driver_in(folder.path(), "train tiny_images");
    EXPECT_EQ(result.status, 1);
    EXPECT_THAT(result.err, testing::HasSubstr("--data FOLDER"));
}

}  // namespace

}  // namespace quantide
