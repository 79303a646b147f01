#include "examples/digits/network.cpp"
#include "tests/base/temporary_folder.h"
#include "tests/passes/interpreted_trainer.h"

#include <cstdlib>

namespace quantide {

namespace {

/** Compares with tests/golden/NAME.txt; QUANTIDE_UPDATE_GOLDEN=1 rewrites the file. */
void expect_golden(const std::string &name, const std::string &found) {
    const std::string path = std::string(QUANTIDE_SOURCE_DIR) + "/tests/golden/" + name + ".txt";
    if (std::getenv("QUANTIDE_UPDATE_GOLDEN") != nullptr) {
        std::ofstream(path) << found;
    }
    EXPECT_EQ(found, content_of(path))
        << path << " differs; QUANTIDE_UPDATE_GOLDEN=1 build/test_passes rewrites it";
}

TEST(Golden, DigitsDeployed) {
    const Graph network = find_network("digits").graph();
    Random random(1);
    const Arrays parameters = random_parameters(network, random);
    PassOptions options;
    options.parameters = &parameters;
    expect_golden("digits", print(network));
    expect_golden("digits_deployed", print(run_passes(network, deployment_passes(), options)));
}

TEST(Golden, DigitsTraining) {
    const Network &digits = find_network("digits");
    const Recipe recipe = digits.recipe();
    check_recipe("digits", recipe);
    expect_golden("digits_training",
                  print(run_passes(digits.graph(), training_passes(),
                                   training_options(recipe.loss, recipe.optimizer, recipe.batch))));
}

}  // namespace

}  // namespace quantide
