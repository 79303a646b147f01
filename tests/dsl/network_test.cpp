#include "dsl/network.h"

#include "dsl/dsl.h"
#include "tests/base/expect_error.h"

QUANTIDE_NETWORK(tiny) {
    return quantide::dense(quantide::input("image", {4}, quantide::Float(32)), {.units = 2});
}

QUANTIDE_RECIPE(tiny) {
    return {.summary = "tiny",
            .data = "mnist",
            .preprocessing = {},
            .loss = quantide::squared_hinge(),
            .optimizer = quantide::sgd(),
            .learning_rate = quantide::constant(1)};
}

QUANTIDE_NETWORK(without_recipe) {
    return quantide::hardtanh(quantide::input("image", {4}, quantide::Float(32)));
}

QUANTIDE_RECIPE(without_network) { return {}; }

namespace first {

QUANTIDE_NETWORK(twice) { return quantide::hardtanh(quantide::input("image", {4}, quantide::Float(32))); }

}  // namespace first

namespace second {

QUANTIDE_NETWORK(twice) { return quantide::hardtanh(quantide::input("image", {5}, quantide::Float(32))); }

}  // namespace second

namespace quantide {

namespace {

TEST(Network, IsFoundByItsName) {
    const Network &network = find_network("tiny");
    EXPECT_EQ(network.name, "tiny");
    EXPECT_EQ(network.graph().name, "tiny");
    ASSERT_NE(network.recipe, nullptr);
    EXPECT_EQ(network.recipe().summary, "tiny");
    EXPECT_EQ(find_network("without_recipe").recipe, nullptr);
}

TEST(Network, OfAnUnknownNameGivesTheKnownOnes) {
    expect_error([] { find_network("huge"); }, {"'huge'", "tiny", "without_recipe"});
    expect_error([] { find_network("without_network"); },
                 {"recipe 'without_network'", "QUANTIDE_NETWORK", "none"});
}

TEST(Network, IsListedIfThereIsOne) {
    std::vector<std::string> names;
    for (const Network &network : all_networks()) {
        names.push_back(network.name);
    }
    EXPECT_THAT(names, testing::ElementsAre("tiny", "twice", "without_recipe"));
}

TEST(Network, MustBeOneOfItsName) {
    expect_error([] { find_network("twice"); }, {"network 'twice'", "one QUANTIDE_NETWORK", "2"});
    expect_error([] { check_networks(); }, {"network 'twice'", "one QUANTIDE_NETWORK", "2"});
}

}  // namespace

}  // namespace quantide
