#include "tests/passes/interpreted_trainer.h"

#include <set>

namespace quantide {

namespace {

bool is_source(const Node &node) { return node.inputs.empty(); }

/** Groups can run one after another: an order of them exists in which each reads only what was made before.
 */
void expect_sound_groups(const Graph &graph) {
    SCOPED_TRACE(print(graph));
    std::set<int> groups;
    std::map<int, std::set<int>> needs;
    for (const Node &node : graph.nodes) {
        EXPECT_EQ(node.group >= 0, !is_source(node)) << node.name;
        if (node.group < 0) {
            continue;
        }
        groups.insert(node.group);
        for (ValueId input : node.inputs) {
            const int producer = graph.producer(input).group;
            if (producer >= 0 && producer != node.group) {
                needs[node.group].insert(producer);
            }
        }
    }
    // Numbered without gaps.
    EXPECT_EQ(groups.empty() ? -1 : *groups.rbegin(), static_cast<int>(groups.size()) - 1);
    std::set<int> done;
    for (size_t round = 0; round < groups.size(); ++round) {
        for (int group : groups) {
            if (std::includes(done.begin(), done.end(), needs[group].begin(), needs[group].end())) {
                done.insert(group);
            }
        }
    }
    EXPECT_EQ(done, groups) << "a cycle";
}

TEST(Fuse, MakesGroupsThatCanRunInSomeOrder) {
    for (uint32_t seed = 0; seed < 60; ++seed) {
        SCOPED_TRACE(testing::Message() << "seed " << seed);
        Random random(seed);
        const Graph network = random_network(random);
        const Arrays parameters = random_parameters(network, random);
        PassOptions options;
        options.parameters = &parameters;
        expect_sound_groups(run_passes(network, deployment_passes(), options));
        options = training_options(squared_hinge(), random.coin() ? adam() : sgd(), 4);
        expect_sound_groups(run_passes(network, training_passes(), options));
    }
}

/** The ops of each group, in order. */
std::vector<std::vector<std::string>> groups_of(const Graph &graph) {
    std::vector<std::vector<std::string>> result;
    for (const Node &node : graph.nodes) {
        if (node.group >= 0) {
            result.resize(std::max(result.size(), static_cast<size_t>(node.group) + 1));
            result[static_cast<size_t>(node.group)].push_back(node.op);
        }
    }
    return result;
}

TEST(Fuse, MakesOneKernelOfALayer) {
    const Graph network = build("net", [] {
        Tensor x = input("image", {33}, UInt(8), {.scale = 0.1F, .offset = -3});
        x = quantize(batch_norm(dense(x, {.units = 65, .weights = sign()})), sign());
        return batch_norm(dense(x, {.units = 3, .weights = sign()}));
    });
    Random random(1);
    const Arrays parameters = random_parameters(network, random);
    PassOptions options;
    options.parameters = &parameters;
    EXPECT_THAT(groups_of(run_passes(network, deployment_passes(), options)),
                testing::ElementsAre(testing::ElementsAre("integer_dense", "threshold", "flip"),
                                     testing::ElementsAre("integer_dense", "dequantize", "batch_norm")));
}

}  // namespace

}  // namespace quantide
