#include "tests/dsl/random_diamonds.h"
#include "tests/dsl/random_images.h"
#include "tests/passes/interpreted_trainer.h"

#include <set>

namespace quantide {

namespace {

bool is_source(const Node &node) { return node.inputs.empty(); }

/** Groups can run one after another: an order of them exists in which each reads only what was made before,
 * and states before they are replaced. */
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
    for (const StateUpdate &update : graph.updates) {
        for (int reader : graph.users(update.state)) {
            const int before = graph.nodes[static_cast<size_t>(reader)].group;
            const int replaces = graph.producer(update.next).group;
            if (before >= 0 && before != replaces) {
                needs[replaces].insert(before);
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

/** Every value that one group makes and another reads has its boundary, and nothing else has. */
void expect_all_boundaries(const Graph &graph) {
    SCOPED_TRACE(print(graph));
    std::multiset<std::pair<ValueId, int>> expected, found;
    for (size_t i = 0; i < graph.nodes.size(); ++i) {
        for (ValueId input : graph.nodes[i].inputs) {
            const int producer = graph.producer(input).group;
            if (producer >= 0 && producer != graph.nodes[i].group) {
                expected.emplace(input, static_cast<int>(i));
            }
        }
    }
    for (const GroupBoundary &boundary : group_boundaries(graph)) {
        EXPECT_FALSE(boundary.reason.empty());
        found.emplace(boundary.value, boundary.consumer);
    }
    EXPECT_EQ(found, expected);
}

TEST(Fuse, MakesGroupsThatCanRunInSomeOrder) {
    for (uint32_t seed = 0; seed < 60; ++seed) {
        SCOPED_TRACE(testing::Message() << "seed " << seed);
        Random random(seed);
        const Graph network = random_network(random, {.draws = seed % 2 == 1});
        const Arrays parameters = random_parameters(network, random);
        PassOptions options;
        options.parameters = &parameters;
        const Graph deployed = run_passes(network, deployment_passes(), options);
        expect_sound_groups(deployed);
        expect_all_boundaries(deployed);
        options = training_options(squared_hinge(), random.coin() ? adam() : sgd(), 4);
        const Graph training = run_passes(network, training_passes(), options);
        expect_sound_groups(training);
        expect_all_boundaries(training);
    }
}

TEST(Fuse, KnowsTheBoundariesOfImages) {
    for (uint32_t seed = 0; seed < 40; ++seed) {
        SCOPED_TRACE(testing::Message() << "seed " << seed);
        RandomImages random(seed);
        const Graph network = random.network();
        const Arrays parameters = random.parameters(network);
        PassOptions options;
        options.parameters = &parameters;
        expect_all_boundaries(run_passes(network, deployment_passes(), options));
    }
}

/** No kernel has two products, nor a second result but by an op that has several. */
void expect_one_result(const Graph &graph) {
    SCOPED_TRACE(print(graph));
    std::map<int, int> products, results;
    std::set<int> several;
    for (const Node &node : graph.nodes) {
        if (node.group < 0) {
            continue;
        }
        products[node.group] += node.op == "integer_dense" || node.op == "dense" ||
                                node.op == "integer_conv2d" || node.op == "conv2d";
        if (node.outputs.size() > 1) {
            several.insert(node.group);
        }
        for (ValueId output : node.outputs) {
            const std::vector<int> users = graph.users(output);
            const bool read = std::any_of(users.begin(), users.end(), [&](int user) {
                return graph.nodes[static_cast<size_t>(user)].group != node.group;
            });
            results[node.group] +=
                read || std::count(graph.outputs.begin(), graph.outputs.end(), output) != 0;
        }
    }
    for (const auto &[group, count] : results) {
        EXPECT_LE(products[group], 1) << "group " << group;
        EXPECT_LE(several.count(group) != 0 ? 0 : count, 1) << "group " << group;
    }
}

TEST(Fuse, LetsNoGroupWaitForItself) {
    for (uint32_t seed = 0; seed < 100; ++seed) {
        SCOPED_TRACE(testing::Message() << "seed " << seed);
        Random random(seed);
        const Graph network = random_diamonds(random, random.integer(2, 12));
        const Arrays parameters = random_parameters(network, random);
        PassOptions options;
        options.parameters = &parameters;
        const Graph deployed = run_passes(network, deployment_passes(), options);
        expect_sound_groups(deployed);
        expect_all_boundaries(deployed);
        expect_one_result(deployed);
        const Graph training =
            run_passes(network, training_passes(), training_options(squared_hinge(), adam(), 4));
        expect_sound_groups(training);
        expect_all_boundaries(training);
        expect_one_result(training);
        ASSERT_FALSE(testing::Test::HasFailure());
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

/** "value -> reader: reason" of each boundary of the deployed network. */
std::vector<std::string> reasons_of(const std::function<Tensor()> &body) {
    const Graph network = build("net", body);
    Random random(1);
    const Arrays parameters = random_parameters(network, random);
    PassOptions options;
    options.parameters = &parameters;
    const Graph deployed = run_passes(network, deployment_passes(), options);
    std::vector<std::string> result;
    for (const GroupBoundary &boundary : group_boundaries(deployed)) {
        result.push_back(fmt::format("{} -> {}: {}", deployed.value(boundary.value).name,
                                     deployed.nodes.at(static_cast<size_t>(boundary.consumer)).name,
                                     boundary.reason));
    }
    return result;
}

/** Why the value of that name does not stay in one kernel, by every reader; the groups are sound. */
std::vector<std::string> reasons_around(const Graph &graph, const std::string &name) {
    verify(graph, "the test");
    expect_sound_groups(fuse(graph, {}));
    std::vector<std::string> result;
    for (const GroupBoundary &boundary : group_boundaries(graph)) {
        if (boundary.value == graph.find(name)) {
            result.push_back(boundary.reason);
        }
    }
    return result;
}

ValueId parameter(Graph &graph, const std::string &name, const Shape &shape) {
    return graph.add_one("parameter", name, {},
                         {{"shape", shape}, {"init", "zeros"}, {"trainable", int64_t{0}}});
}

// batch_norm -> hardtanh parts into scale, which would join its kernel, and bias, whose average waits for it.
TEST(Fuse, OpensADiamondThroughAnAverage) {
    Graph graph;
    graph.name = "net";
    const ValueId x = parameter(graph, "x", {2, 3, 4, 4}), w = parameter(graph, "w", {3});
    const ValueId y = graph.add("batch_norm_train", "norm", {x, w, w}, {{"eps", 0.1}})[0];
    const ValueId h = graph.add_one("hardtanh", "h", {y});
    const ValueId mean =
        graph.add_one("avg_pool", "mean", {graph.add_one("bias", "bias", {h, w})},
                      {{"kernel", Shape{3, 3}}, {"strides", Shape{1, 1}}, {"pads", Shape{1, 1, 1, 1}}});
    graph.outputs = {graph.add_one("add", "sum", {graph.add_one("scale", "scale", {h, w}), mean})};
    EXPECT_THAT(reasons_around(graph, "h"), testing::ElementsAre());
    EXPECT_THAT(reasons_around(graph, "scale"), testing::ElementsAre("what it reads waits for it"));
}

// What reads a state goes before what replaces it, and so cannot be in a kernel that reads the next state.
TEST(Fuse, OpensADiamondThroughAStatesUpdate) {
    Graph graph;
    graph.name = "net";
    const ValueId state = parameter(graph, "state", {2, 3}), batch = parameter(graph, "batch", {2, 3});
    const ValueId before = graph.add_one("hardtanh", "before", {state});
    const ValueId next = graph.add_one("moving_average", "next", {state, batch}, {{"momentum", 0.5}});
    graph.outputs = {graph.add_one("add", "sum", {before, next})};
    EXPECT_THAT(reasons_around(graph, "before"), testing::ElementsAre());
    graph.updates = {{state, next}};
    EXPECT_THAT(reasons_around(graph, "before"), testing::ElementsAre("what it reads waits for it"));
}

TEST(Fuse, SaysWhyGroupsEnd) {
    using testing::ElementsAre;
    EXPECT_THAT(reasons_of([] {
                    const Tensor x = hardtanh(dense(input("x", {3}, Float(32)), {.units = 5}));
                    return dense(x, {.units = 2});
                }),
                ElementsAre("hardtanh1 -> dense2: a product reads all of its input many times"));
    EXPECT_THAT(reasons_of([] {
                    const Tensor x = dense(input("x", {3}, Float(32)), {.units = 5});
                    return add(x, hardtanh(x));
                }),
                ElementsAre("dense1 -> hardtanh1: 2 ops read it", "dense1 -> add1: 2 ops read it"));
    EXPECT_THAT(reasons_of([] {
                    const Tensor x = input("x", {3}, Float(32));
                    const Tensor y = dense(x, {.units = 5});
                    return add(y, dense(x, {.units = 5}));
                }),
                ElementsAre("dense2 -> add1: one product a kernel"));
    EXPECT_THAT(reasons_of([] {
                    const Tensor x = conv2d(input("x", {3, 6, 6}, Float(32)), {.channels = 4, .kernel = 3});
                    return flatten(max_pool(hardtanh(avg_pool(x, {.kernel = 2, .stride = 1})),
                                            {.kernel = 2, .stride = 1}));
                }),
                ElementsAre("conv2d1 -> avg_pool1: avg_pool: a window reads several elements",
                            "avg_pool1 -> hardtanh1: avg_pool: a window reads several elements",
                            "hardtanh1 -> max_pool1: max_pool: windows overlap or are large",
                            "max_pool1 -> flatten1: reshape: elements change places"));
    const auto reasons_of_pooling = [](int size) {
        return reasons_of([size] {
            return flatten(max_pool(conv2d(input("x", {3, 20, 20}, Float(32)), {.channels = 4, .kernel = 1}),
                                    {.kernel = size}));
        });
    };
    const std::string flattened = "max_pool1 -> flatten1: reshape: elements change places";
    EXPECT_THAT(reasons_of_pooling(4), ElementsAre(flattened));
    EXPECT_THAT(reasons_of_pooling(20),
                ElementsAre("conv2d1 -> max_pool1: max_pool: windows overlap or are large", flattened));
    EXPECT_THAT(reasons_of([] {
                    const Tensor x = batch_norm(dense(input("x", {3}, Float(32)), {.units = 5}));
                    const Tensor y = dense(relu(x), {.units = 2});
                    return add(y, dense(hardtanh(x), {.units = 2}));
                }),
                ElementsAre("batch_norm1 -> relu1: one result a kernel",
                            "relu1 -> dense2: a product reads all of its input many times",
                            "batch_norm1 -> hardtanh1: one result a kernel",
                            "hardtanh1 -> dense3: a product reads all of its input many times",
                            "dense3 -> add1: one product a kernel"));
}

}  // namespace

}  // namespace quantide
