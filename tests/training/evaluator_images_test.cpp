#include "runtime/cpu_features.h"
#include "tests/dsl/random_diamonds.h"
#include "tests/dsl/random_images.h"
#include "tests/dsl/random_network.h"
#include "training/evaluator.h"

#include <gtest/gtest.h>

#include <cstdlib>

namespace quantide {

namespace {

TEST(EvaluatorOfImages, EqualsTheInterpreterBitForBit) {
    const char *all = std::getenv("QUANTIDE_TEST_ALL");
    const uint32_t seeds = all != nullptr && *all != 0 ? 300 : 12;
    for (const CpuLevel *level : find_target("host").levels) {
        if (!host_runs(*level)) {
            continue;
        }
        for (uint32_t seed = 0; seed < seeds; ++seed) {
            SCOPED_TRACE(fmt::format("seed {}, {}", seed, level->name));
            RandomImages drawn(seed);
            const Graph network = drawn.network();
            const Arrays parameters = drawn.parameters(network);
            JitOptions options;
            options.level = level;
            Evaluator evaluator(network, parameters, options);
            for (const int64_t batch : {1, 3}) {
                Random random(seed + 1000);
                Shape shape = network.value(network.find("image")).shape;
                shape[0] = batch;
                Arrays bindings = parameters;
                bindings["image"] = random.codes(UInt(8), shape);
                EXPECT_EQ(evaluator.run(bindings["image"]), interpret_outputs(network, bindings)[0]) << batch;
            }
            ASSERT_FALSE(HasFailure()) << print(network) << print(evaluator.program().graph);
        }
    }
}

TEST(EvaluatorOfImages, ComputesValuesThatPartAndMeetAgain) {
    for (uint32_t seed = 0; seed < 6; ++seed) {
        SCOPED_TRACE(fmt::format("seed {}", seed));
        Random random(seed);
        const Graph network = random_diamonds(random, 10);
        const Arrays parameters = random_parameters(network, random);
        const Arrays batch = random_batch(network, random, 3, 2);
        Evaluator evaluator(network, parameters);
        EXPECT_EQ(evaluator.run(batch.at("image")), interpret_outputs(network, join(parameters, batch))[0]);
        ASSERT_FALSE(HasFailure()) << print(network) << print(evaluator.program().graph);
    }
}

}  // namespace

}  // namespace quantide
