#include "compiler/ir/graph.h"

#include "tests/dsl/random_network.h"

#include <gmock/gmock.h>

namespace quantide {

namespace {

/** A training step by hand: everything that verify looks at. */
Graph sound() {
    Graph graph;
    graph.name = "sound";
    const ValueId x = graph.add_one("input", "x", {}, {{"shape", Shape{3}}, {"bits", int64_t{32}}});
    const Attributes shape{{"shape", Shape{2, 3}}, {"init", "zeros"}, {"trainable", int64_t{1}}};
    const ValueId w = graph.add_one("parameter", "w", {}, shape);
    const ValueId m = graph.add_one("parameter", "m", {}, shape);
    const ValueId dy = graph.add_constant("dy", Array(Float(32), {2, 3}));
    const ValueId rate = graph.add_one("scalar", "rate", {});
    const ValueId y = graph.add_one("dense", "y", {x, w});
    const auto next =
        graph.add("sgd", "step", {w, m, dy, rate}, {{"momentum", 0.0}, {"scale", 1.0}, {"clip", 0.0}});
    graph.outputs = {y};
    graph.updates = {{w, next[0]}, {m, next[1]}};
    return graph;
}

void expect_broken(const std::function<void(Graph &)> &breakage, const std::string &fragment) {
    Graph graph = sound();
    breakage(graph);
    try {
        verify(graph, "a test's pass");
        ADD_FAILURE() << "expected an error that says " << fragment;
    } catch (const InternalError &error) {
        EXPECT_THAT(error.what(), testing::HasSubstr(fragment));
        EXPECT_THAT(error.what(), testing::HasSubstr("a test's pass"));
    }
}

Node &node(Graph &graph, const std::string &value) {
    return graph.nodes[static_cast<size_t>(graph.value(graph.find(value)).node)];
}

TEST(Verify, AcceptsASoundGraph) { EXPECT_NO_THROW(verify(sound(), "nothing")); }

TEST(Verify, CatchesNamesThatAreTakenTwice) {
    expect_broken([](Graph &g) { g.values[1].name = "x"; }, "two values are named 'x'");
}

TEST(Verify, CatchesProducersThatDoNotExist) {
    expect_broken([](Graph &g) { g.values[0].node = -1; }, "'x' has no producer");
    expect_broken([](Graph &g) { g.values[0].node = 99; }, "'x' has no producer");
}

TEST(Verify, CatchesUseBeforeProduction) {
    expect_broken(
        [](Graph &g) {
            std::swap(g.nodes[0], g.nodes[5]);
            g.values[0].node = 5;
            g.values[5].node = 0;
        },
        "reads a value that is not made yet");
    expect_broken([](Graph &g) { node(g, "y").inputs[0] = 99; }, "not made yet");
    expect_broken([](Graph &g) { node(g, "y").inputs[0] = -1; }, "not made yet");
    expect_broken([](Graph &g) { node(g, "y").inputs[0] = g.find("y"); }, "not made yet");
}

TEST(Verify, CatchesOutputsThatAreNotTheNodesOwn) {
    expect_broken([](Graph &g) { node(g, "y").outputs[0] = g.find("x"); }, "names another producer");
    expect_broken([](Graph &g) { node(g, "y").outputs[0] = 99; }, "names another producer");
    expect_broken([](Graph &g) { node(g, "step").outputs[1] = node(g, "step").outputs[0]; },
                  "names another producer");
    expect_broken(
        [](Graph &g) {
            node(g, "step").outputs.pop_back();
            g.updates.pop_back();
        },
        "has 1 outputs, its rule gives 2");
    expect_broken(
        [](Graph &g) { g.values.push_back({.name = "orphan", .shape = {1}, .encoding = {}, .node = 0}); },
        "no output of its producer");
}

TEST(Verify, CatchesValuesThatTheRuleWouldNotGive) {
    expect_broken(
        [](Graph &g) {
            g.value(g.find("y")).shape = {kBatch, 3};
        },
        "expected f32[N, 2], found f32[N, 3]");
    expect_broken([](Graph &g) { g.value(g.find("y")).type = Int(32); },
                  "expected f32[N, 2], found i32[N, 2]");
    expect_broken(
        [](Graph &g) {
            g.value(g.find("y")).encoding = {std::vector<float>(32, 1), 0};
        },
        "another encoding");
    expect_broken([](Graph &g) { g.value(g.find("w")).shape = {2, 4}; }, "w");
    expect_broken([](Graph &g) { node(g, "w").attributes["shape"] = Shape{2, 4}; }, "w");
    expect_broken([](Graph &g) { node(g, "w").attributes.erase("shape"); }, "no attribute 'shape'");
    expect_broken([](Graph &g) { node(g, "w").attributes["shape"] = "two"; }, "another type");
    expect_broken([](Graph &g) { node(g, "w").attributes["shape"] = Shape{-1, 3}; }, "positive");
    expect_broken([](Graph &g) { node(g, "y").op = "convolution"; }, "unknown op 'convolution'");
    expect_broken([](Graph &g) { node(g, "y").inputs.pop_back(); }, "2 inputs, found 1");
}

TEST(Verify, CatchesNumbersThatDoNotFit) {
    const auto numbers = [](Array array) {
        return [array](Graph &g) { g.constants[g.find("dy")] = std::make_shared<const Array>(array); };
    };
    expect_broken(numbers(Array(Float(32), {3, 2})), "the numbers of 'dy' do not fit");
    expect_broken(numbers(Array(Int(32), {2, 3})), "the numbers of 'dy' do not fit");
    expect_broken(numbers(Array(Float(32), {2, 3}, Layout::OutputPanels)), "the numbers of 'dy' do not fit");
    expect_broken([](Graph &g) { g.constants[99] = g.constants.begin()->second; },
                  "numbers of what is no constant");
    expect_broken([](Graph &g) { g.constants[g.find("w")] = g.constants.begin()->second; },
                  "numbers of what is no constant");
}

TEST(Verify, CatchesEncodingsOfOtherWidths) {
    expect_broken([](Graph &g) { g.value(g.find("dy")).encoding = {{2}, -1}; }, "encoding of 1 planes");
}

TEST(Verify, CatchesBadOutputsAndUpdates) {
    expect_broken([](Graph &g) { g.outputs = {99}; }, "an output is not made");
    expect_broken([](Graph &g) { g.outputs = {-1}; }, "an output is not made");
    expect_broken([](Graph &g) { g.updates[0].next = 99; }, "an update");
    expect_broken([](Graph &g) { g.updates[0].next = g.find("y"); }, "cannot replace 'w'");
    expect_broken([](Graph &g) { g.updates[1].state = g.updates[0].state; }, "an update");
    expect_broken([](Graph &g) { g.updates[0].state = g.find("dy"); }, "cannot replace 'dy'");
    expect_broken([](Graph &g) { g.value(g.updates[0].next).layout = Layout::OutputPanels; },
                  "cannot replace 'w'");
}

TEST(Graph, NamesEachValueOnce) {
    Graph graph;
    const ValueId a = graph.add_one("scalar", "s", {});
    const ValueId b = graph.add_one("scalar", "s", {});
    const ValueId c = graph.add_constant("s", Array(Float(32), {1}));
    EXPECT_EQ(graph.value(a).name, "s");
    EXPECT_EQ(graph.value(b).name, "s_2");
    EXPECT_EQ(graph.value(c).name, "s_3");
    EXPECT_EQ(graph.find("s_3"), c);
    EXPECT_EQ(graph.find("t"), -1);
}

TEST(Graph, KnowsProducersAndUsers) {
    const Graph graph = sound();
    const ValueId w = graph.find("w");
    EXPECT_EQ(graph.producer(w).name, "w");
    EXPECT_THAT(graph.users(w), testing::ElementsAre(5, 6));
    EXPECT_THAT(graph.users(graph.find("y")), testing::IsEmpty());
    EXPECT_THROW(Graph(graph).add("dense", "d", {w, 99}), InternalError);
    EXPECT_THROW(Graph(graph).add_one("sgd", "d", graph.nodes.back().inputs, graph.nodes.back().attributes),
                 InternalError);
}

}  // namespace

}  // namespace quantide
