#include "training/initialize.h"

#include "tests/dsl/random_network.h"

namespace quantide {

namespace {

Graph network() {
    return build("net", [] {
        Tensor x = batch_norm(dense(input("image", {300}, UInt(8)), {.units = 200, .weights = sign()}));
        return dense(dense(x, {.units = 100}), {.units = 100});
    });
}

TEST(InitialParameters, FillTheirRanges) {
    const Arrays found = initial_parameters(network(), 1);
    const auto expect_uniform = [&](const std::string &name, float range) {
        const auto numbers = found.at(name).floats();
        const auto [low, high] = std::minmax_element(numbers.begin(), numbers.end());
        EXPECT_GT(*low, -range) << name;
        EXPECT_LT(*low, -0.99F * range) << name;
        EXPECT_LT(*high, range) << name;
        EXPECT_GT(*high, 0.99F * range) << name;
        EXPECT_EQ(std::count(numbers.begin(), numbers.end(), 0.0F), 0) << name;
        double sum = 0;
        for (float x : numbers) {
            sum += x;
        }
        // Six standard deviations of the mean.
        EXPECT_NEAR(sum / static_cast<double>(numbers.size()), 0,
                    6 * range / std::sqrt(3.0 * static_cast<double>(numbers.size())))
            << name;
    };
    expect_uniform("dense1.weight", 1);
    expect_uniform("dense2.weight", std::sqrt(6.0F / 300));
    expect_uniform("dense3.weight", std::sqrt(6.0F / 200));
    EXPECT_NE(found.at("dense2.weight").bytes, found.at("dense3.weight").bytes);
    for (const auto &[name, value] :
         std::map<std::string, float>{{"weight", 1}, {"bias", 0}, {"running_mean", 0}, {"running_var", 1}}) {
        EXPECT_EQ(elements(found.at("batch_norm1." + name)), std::vector<float>(200, value)) << name;
    }
}

TEST(InitialParameters, DependOnTheSeedAlone) {
    EXPECT_EQ(initial_parameters(network(), 7), initial_parameters(network(), 7));
    EXPECT_NE(initial_parameters(network(), 7).at("dense1.weight"),
              initial_parameters(network(), 8).at("dense1.weight"));
    EXPECT_NE(initial_parameters(network(), 7).at("dense1.weight"),
              initial_parameters(network(), 7 + (uint64_t{1} << 32)).at("dense1.weight"));
}

}  // namespace

}  // namespace quantide
