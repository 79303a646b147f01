#include "tests/driver/driver_process.h"
#include "tests/dsl/random_network.h"

#include <sstream>

namespace quantide {

namespace {

constexpr size_t kPixels = 32 * 32;

std::string random_pixels(uint32_t seed) {
    Random random(seed);
    std::string pixels;
    for (size_t i = 0; i < 3 * kPixels; ++i) {
        pixels += static_cast<char>(random.integer(0, 255));
    }
    return pixels;
}

/** The program examples/cifar10/classify_ppm.c, made once with a small network of CIFAR's shapes. */
class ClassifyPpm : public testing::Test {
protected:
    static void SetUpTestSuite() {
        folder_ = std::make_unique<TemporaryFolder>();
        write_initial_checkpoint(*folder_ / "c.st", "tiny_images");
        expect_driver(folder_->path(), "compile tiny_images --checkpoint c.st --name cifar -o out");
        run_shell(
            "cc",
            fmt::format("cd {} && cc -std=c99 -Wall -Wextra -Wpedantic -Werror -O1 -Iout {} out/libcifar.a "
                        "-o classify_ppm",
                        shell_quote(folder_->path()),
                        shell_quote(QUANTIDE_SOURCE_DIR "/examples/cifar10/classify_ppm.c")),
            *folder_ / "log");
    }
    static void TearDownTestSuite() { folder_.reset(); }

    static DriverResult classify(const std::string &content) {
        folder_->add("picture.ppm", content);
        return run("picture.ppm");
    }

    static DriverResult run(const std::string &arguments) {
        const int status = std::system(fmt::format("cd {} && ./classify_ppm {} >printed 2>complaint",
                                                   shell_quote(folder_->path()), arguments)
                                           .c_str());
        return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, content_of(*folder_ / "printed"),
                content_of(*folder_ / "complaint")};
    }

    /** Expects one line that has the fragments in it, and nothing else. */
    static void expect_refused(const std::string &content, std::initializer_list<std::string> fragments) {
        const DriverResult result = classify(content);
        EXPECT_EQ(result.status, 1);
        EXPECT_EQ(result.out, "");
        EXPECT_EQ(std::count(result.err.begin(), result.err.end(), '\n'), 1) << result.err;
        EXPECT_TRUE(result.err.starts_with("picture.ppm: expected ")) << result.err;
        for (const std::string &fragment : fragments) {
            EXPECT_THAT(result.err, testing::HasSubstr(fragment));
        }
    }

    static std::unique_ptr<TemporaryFolder> folder_;
};
std::unique_ptr<TemporaryFolder> ClassifyPpm::folder_;

TEST_F(ClassifyPpm, PrintsTheInterpretersScores) {
    const Graph network = find_network("tiny_images").graph();
    const Arrays parameters = initial_parameters(network, 7);
    uint32_t seed = 0;
    for (const char *header :
         {"P6\n32 32\n255\n", "P6 32 32 255 ", "P6\n# made by hand\n32\t#width\n 32\r\n255\n",
          "P6#\n#P6 64 64\n0032 32#\n\n#\n255\n"}) {
        SCOPED_TRACE(header);
        std::string pixels = random_pixels(seed++);
        pixels[0] = '#';  // no comment
        pixels[1] = '\n';
        Array image(UInt(8), {1, 3, 32, 32});
        for (size_t channel = 0; channel < 3; ++channel) {
            for (size_t i = 0; i < kPixels; ++i) {
                image.as<uint8_t>()[channel * kPixels + i] = static_cast<uint8_t>(pixels[3 * i + channel]);
            }
        }
        const Array expected = interpret_outputs(network, join(parameters, {{"image", image}}))[0];
        const DriverResult result = classify(header + pixels);
        EXPECT_EQ(result.err, "");
        ASSERT_EQ(result.status, 0);
        std::istringstream lines(result.out);
        std::vector<std::string> classes;
        std::vector<float> scores;
        for (int i = 0; i < 10; ++i) {
            std::string name, score;
            lines >> name >> score;
            classes.push_back(name);
            scores.push_back(std::strtof(score.c_str(), nullptr));
        }
        EXPECT_EQ(scores, elements(expected));
        EXPECT_THAT(classes, testing::ElementsAre("airplane", "automobile", "bird", "cat", "deer", "dog",
                                                  "frog", "horse", "ship", "truck"));
        std::string best, rest;
        lines >> best;
        EXPECT_EQ(
            best,
            classes[static_cast<size_t>(std::max_element(scores.begin(), scores.end()) - scores.begin())]);
        EXPECT_FALSE(lines >> rest);
    }
}

TEST_F(ClassifyPpm, RefusesOtherPictures) {
    const std::string pixels = random_pixels(1), head = "P6\n32 32\n255\n";
    expect_refused("", {"P6"});
    expect_refused("P", {"P6"});
    expect_refused("P5\n32 32\n255\n" + pixels, {"P6"});
    expect_refused("P3\n32 32\n255\n" + pixels, {"P6"});
    expect_refused("\x89PNG\r\n", {"P6"});
    for (const char *header : {"P6", "P6\n", "P6\n32", "P6\n32 ", "P6\n32 32\n", "P6\n32 32\n255",
                               "P6\n32 x 255\n", "P6\n-32 32 255\n", "P6\n3e1 32 255\n", "P6\n# 32 32 255\n",
                               "P6\n32 32 255x", "P6\n99999999999999999999 32 255\n"}) {
        SCOPED_TRACE(header);
        expect_refused(header, {"a width, a height and a largest value"});
    }
    expect_refused("P6\n31 32\n255\n" + pixels, {"32x32 pixels", "found 31x32"});
    expect_refused("P6\n32 320000000\n255\n" + pixels, {"32x32 pixels", "found 32x320000000"});
    expect_refused("P6\n0 0\n255\n", {"32x32 pixels", "found 0x0"});
    for (const char *most : {"0", "254", "256", "65535"}) {
        expect_refused(fmt::format("P6\n32 32\n{}\n", most) + pixels,
                       {"largest value of 255", fmt::format("found {}", most)});
    }
    expect_refused(head, {"3072 bytes of pixels", "found 0"});
    expect_refused(head + pixels.substr(1), {"3072 bytes of pixels", "found 3071"});
    expect_refused(head + pixels + "x", {"3072 bytes of pixels", "found 3072 and more"});
}

TEST_F(ClassifyPpm, SaysHowItIsCalled) {
    EXPECT_EQ(run("").status, 2);
    EXPECT_EQ(run("a b").status, 2);
    const DriverResult missing = run("no_such.ppm");
    EXPECT_EQ(missing.status, 1);
    EXPECT_EQ(missing.err, "no_such.ppm: cannot be read\n");
}

}  // namespace

}  // namespace quantide
