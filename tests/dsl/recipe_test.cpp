#include "dsl/recipe.h"

#include "tests/base/expect_error.h"

#include <cmath>
#include <limits>

namespace quantide {

namespace {

Recipe good() {
    return {.summary = "",
            .data = "mnist",
            .preprocessing = {},
            .loss = squared_hinge(),
            .optimizer = adam(),
            .learning_rate = exponential(1e-2, 1e-4),
            .epochs = 4,
            .batch = 10};
}

void expect_refused(const std::function<void(Recipe &)> &change,
                    std::initializer_list<std::string> fragments) {
    Recipe recipe = good();
    change(recipe);
    expect_error([&] { check_recipe("net", recipe); }, fragments);
}

TEST(Recipe, IsCheckedFieldByField) {
    EXPECT_NO_THROW(check_recipe("net", good()));
    const double nan = std::numeric_limits<double>::quiet_NaN();
    for (double bad : {0.0, -1.0, nan, std::numeric_limits<double>::infinity()}) {
        expect_refused([&](Recipe &r) { r.learning_rate.start = bad; },
                       {"recipe of 'net'", "learning_rate.start > 0"});
        expect_refused([&](Recipe &r) { r.learning_rate.end = bad; },
                       {"recipe of 'net'", "learning_rate.end > 0"});
        expect_refused([&](Recipe &r) { r.optimizer = adam({.eps = bad}); }, {"recipe of 'net'", "eps > 0"});
    }
    for (double bad : {-0.1, 1.0, nan}) {
        expect_refused([&](Recipe &r) { r.optimizer = adam({.beta1 = bad}); },
                       {"recipe of 'net'", "beta1 in [0, 1)"});
        expect_refused([&](Recipe &r) { r.optimizer = adam({.beta2 = bad}); },
                       {"recipe of 'net'", "beta2 in [0, 1)"});
        expect_refused([&](Recipe &r) { r.optimizer = sgd(bad); }, {"recipe of 'net'", "momentum in [0, 1)"});
    }
    for (double bad : {0.3, 1e-8, 0x1p-200}) {
        expect_refused([&](Recipe &r) { r.optimizer = shift_adamax({.eps = bad}); },
                       {"recipe of 'net'", "eps to be a power of two"});
    }
    expect_refused([](Recipe &r) { r.optimizer = shift_adamax({.beta1 = 1}); }, {"beta1 in [0, 1)"});
    Recipe shifts = good();
    shifts.optimizer = shift_adamax({.eps = 0x1p-30});
    EXPECT_NO_THROW(check_recipe("net", shifts));
    for (int bad : {0, -1}) {
        expect_refused([&](Recipe &r) { r.epochs = bad; }, {"recipe of 'net'", "epochs > 0"});
        expect_refused([&](Recipe &r) { r.batch = bad; }, {"recipe of 'net'", "batch > 0"});
        expect_refused([&](Recipe &r) { r.learning_rate = steps(1, 0.5, bad); },
                       {"recipe of 'net'", "learning_rate.every > 0"});
    }
    for (int bad : {-1, 65537}) {
        expect_refused([&](Recipe &r) { r.augmentation.crop = bad; },
                       {"recipe of 'net'", "augmentation.crop from 0", std::to_string(bad)});
    }
    for (int bad : {-1, 256}) {
        expect_refused([&](Recipe &r) { r.augmentation.fill = bad; },
                       {"recipe of 'net'", "augmentation.fill from 0 to 255", std::to_string(bad)});
    }
    for (double bad : {0.0, -1.0, nan, std::numeric_limits<double>::infinity()}) {
        expect_refused([&](Recipe &r) { r.preprocessing.whitening = Whitening{.contrast = bad}; },
                       {"recipe of 'net'", "preprocessing.whitening.contrast > 0"});
        expect_refused([&](Recipe &r) { r.preprocessing.whitening = Whitening{.bias = bad}; },
                       {"recipe of 'net'", "preprocessing.whitening.bias > 0"});
    }
    expect_refused([](Recipe &r) { r.preprocessing = {.scale = 2, .offset = 0, .whitening = Whitening{}}; },
                   {"recipe of 'net'", "by whitening or by scale and offset", "both"});
    expect_refused(
        [](Recipe &r) {
            r.preprocessing.whitening = Whitening{};
            r.augmentation.flip = true;
        },
        {"recipe of 'net'", "no augmentation of whitened images"});
    expect_refused([](Recipe &r) { r.learning_rate = {}; }, {"learning_rate.start"});
    for (const char *unknown : {"", "mse", "adam"}) {
        expect_refused([&](Recipe &r) { r.loss = {unknown}; },
                       {"recipe of 'net'", "loss", "squared_hinge, softmax_cross_entropy",
                        fmt::format("found '{}'", unknown)});
    }
    for (const char *unknown : {"", "lion", "dense"}) {
        expect_refused(
            [&](Recipe &r) { r.optimizer.op = unknown; },
            {"recipe of 'net'", "optimizer", "adam, shift_adamax, sgd", fmt::format("found '{}'", unknown)});
    }
    expect_refused(
        [](Recipe &r) {
            r.optimizer = {"adam", {}};
        },
        {"recipe of 'net'", "beta1", "'adam'", "none"});
    expect_refused([](Recipe &r) { r.optimizer.attributes["lambda"] = 0.5; },
                   {"recipe of 'net'", "lambda", "'adam'"});
    expect_refused([](Recipe &r) { r.optimizer.attributes["eps"] = int64_t{1}; },
                   {"recipe of 'net'", "eps", "double"});
}

TEST(LearningRate, FollowsItsFormula) {
    for (int epoch = 0; epoch < 20; ++epoch) {
        EXPECT_EQ(constant(0.3).at(epoch, 20), 0.3);
        EXPECT_NEAR(exponential(1e-2, 1e-6).at(epoch, 20), 1e-2 * std::pow(1e-4, epoch / 20.0), 1e-16);
        EXPECT_NEAR(steps(1, 0.5, 3).at(epoch, 20), std::pow(0.5, epoch / 3), 1e-16);
    }
    EXPECT_EQ(exponential(1e-2, 1e-6).at(0, 20), 1e-2);
    EXPECT_NEAR(exponential(1e-2, 1e-6).at(20, 20), 1e-6, 1e-20);
}

}  // namespace

}  // namespace quantide
