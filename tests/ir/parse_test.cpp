#include "compiler/passes/pass.h"
#include "tests/base/expect_error.h"
#include "tests/dsl/random_network.h"

namespace quantide {

namespace {

/** What the text of a graph holds: everything but the numbers. */
void expect_same(const Graph &found, const Graph &expected) {
    EXPECT_EQ(found.name, expected.name);
    EXPECT_EQ(found.nodes, expected.nodes);
    EXPECT_EQ(found.outputs, expected.outputs);
    EXPECT_EQ(found.updates, expected.updates);
    EXPECT_EQ(found.values, expected.values);
}

void expect_round_trip(const Graph &graph) {
    const std::string text = print(graph);
    const Graph again = parse(text);
    EXPECT_EQ(print(again), text);
    // Values are numbered by their nodes' order, which the passes' rewriting keeps.
    expect_same(again, graph);
}

TEST(Parse, ReadsWhatEachPassOfARandomNetworkPrints) {
    for (uint32_t seed = 0; seed < 40; ++seed) {
        SCOPED_TRACE(testing::Message() << "seed " << seed);
        Random random(seed);
        const Graph network = random_network(random);
        expect_round_trip(network);
        const Arrays parameters = random_parameters(network, random);
        PassOptions options;
        options.parameters = &parameters;
        const auto observe = [](const Pass &pass, const Graph &graph) {
            SCOPED_TRACE(pass.name);
            expect_round_trip(graph);
            return true;
        };
        run_passes(network, deployment_passes(), options, observe);
        const Optimizer optimizer = random.coin() ? adam() : sgd(0.9);
        options.loss = random.coin() ? "squared_hinge" : "softmax_cross_entropy";
        options.optimizer = optimizer.op;
        options.optimizer_attributes = optimizer.attributes;
        options.batch = random.integer(1, 100);
        const bool trainable = std::any_of(network.nodes.begin(), network.nodes.end(), [](const Node &node) {
            return node.op == "parameter" && node.integer("trainable") != 0;
        });
        if (trainable) {
            run_passes(network, training_passes(), options, observe);
        }
    }
}

TEST(Parse, KeepsEveryAttribute) {
    Graph graph;
    graph.name = "g";
    for (const Attribute &attribute :
         {Attribute(int64_t{0}), Attribute(INT64_MIN), Attribute(INT64_MAX), Attribute(0.0), Attribute(-0.0),
          Attribute(1.0), Attribute(-3e300), Attribute(5e-324), Attribute(0.1), Attribute(1e16),
          Attribute(123456789012345680.0), Attribute(double{0.1F}), Attribute(std::string()),
          Attribute(std::string("a \"b\" \\ #3 = c")), Attribute(std::string("return %x"))}) {
        graph.add_one("scalar", "s", {}, {{"key", attribute}, {"second", int64_t{7}}});
    }
    expect_round_trip(graph);
    EXPECT_TRUE(std::signbit(parse(print(graph)).nodes[4].real("key")));
}

TEST(Parse, KeepsLayersOfAnyName) {
    Graph graph;
    graph.name = "g";
    graph.add_one("scalar", "s", {});
    graph.nodes[0].name = "a layer's \"name\" \\ with = # %x";
    graph.nodes[0].group = 12;
    graph.outputs = {0};
    expect_round_trip(graph);
}

TEST(Parse, KeepsEncodingsToTheBit) {
    for (const Encoding &encoding : {Encoding{{2}, -1}, Encoding{{0.1F, 0.2F}, -0.3F},
                                     Encoding{{1e-38F, 3.4e38F}, 1e-45F}, Encoding{{1}, -0.0F}}) {
        Graph graph;
        graph.name = "g";
        graph.add_constant("c", Array(UInt(encoding.planes()), {1, 1}), encoding);
        expect_round_trip(graph);
    }
}

TEST(Parse, TakesAnyWhiteSpaceBetweenItems) {
    const Graph graph = parse("graph  g\n{\n\n  %s : f32 [1] = scalar ( )  \"s\"\n return %s\n}\n\n");
    EXPECT_EQ(graph.nodes.size(), 1U);
    EXPECT_EQ(graph.outputs, std::vector<ValueId>{0});
}

struct BadText {
    const char *text;
    const char *line;
    const char *expected;
};

TEST(Parse, NamesTheLineOfEachMistake) {
    const BadText cases[] = {
        {"", "line 1", "'graph'"},
        {"grap g {\n}\n", "line 1", "'graph'"},
        {"graph {\n}\n", "line 1", "a graph's name"},
        {"graph g\n", "line 2", "'{'"},
        {"graph g {\n", "line 2", "'%'"},
        {"graph g {\n}\nmore\n", "line 3", "the end of the text"},
        {"graph g {\n  %s: f32[1] = scalar() \"s\"\n  %s: f32[1] = scalar() \"s\"\n}\n", "line 3",
         "a name other than 's'"},
        {"graph g {\n  %s: f32[1], %s: f32[1] = scalar() \"s\"\n}\n", "line 2", "a name other than 's'"},
        {"graph g {\n  %s: f32[1] = scaler() \"s\"\n}\n", "line 2", "an op of the table, found 'scaler"},
        {"graph g {\n  %s: f33[1] = scalar() \"s\"\n}\n", "line 2", "an element type"},
        {"graph g {\n  %s: [1] = scalar() \"s\"\n}\n", "line 2", "an element type"},
        {"graph g {\n  %s: f32[x] = scalar() \"s\"\n}\n", "line 2", "an integer"},
        {"graph g {\n  %s: f32[99999999999999999999] = scalar() \"s\"\n}\n", "line 2", "an integer"},
        {"graph g {\n  %s: f32[1 2] = scalar() \"s\"\n}\n", "line 2", "','"},
        {"graph g {\n  %s: u1[1] {2 + x} = scalar() \"s\"\n}\n", "line 2", "a number"},
        {"graph g {\n  %s: f32[1] @diagonal = scalar() \"s\"\n}\n", "line 2", "a layout"},
        {"graph g {\n  %s: f32[1] scalar() \"s\"\n}\n", "line 2", "'='"},
        {"graph g {\n  %s: f32[1] = scalar(%t) \"s\"\n}\n", "line 2", "a value that was defined before"},
        {"graph g {\n  %s: f32[1] = scalar(%s) \"s\"\n}\n", "line 2", "a value that was defined before"},
        {"graph g {\n  %s: f32[1] = scalar( \"s\"\n}\n", "line 2", "'%'"},
        {"graph g {\n  %s: f32[1] = scalar()\n}\n", "line 3", "'\"'"},
        {"graph g {\n  %s: f32[1] = scalar() \"s\n}\n", "line 4", "'\"'"},
        {"graph g {\n  %s: f32[1] = scalar() \"s\\", "line 2", "a character after"},
        {"graph g {\n  %s: f32[1] = scalar() \"s\" key\n}\n", "line 3", "'='"},
        {"graph g {\n  %s: f32[1] = scalar() \"s\" key=value\n}\n", "line 2", "a number"},
        {"graph g {\n  %s: f32[1] = scalar() \"s\" #x\n}\n", "line 2", "an integer"},
        {"graph g {\n  %s: f32[1] = scalar() \"s\"\n  return %t\n}\n", "line 3",
         "a value that was defined before"},
        {"graph g {\n  %s: f32[1] = scalar() \"s\"\n  update %s %s\n}\n", "line 3", "'='"},
    };
    for (const BadText &c : cases) {
        SCOPED_TRACE(c.text);
        expect_error([&] { parse(c.text); }, {"graph text", c.line, c.expected});
    }
}

TEST(Parse, OfMutatedTextGivesAGraphOrAnError) {
    Random random(7);
    const std::string sound = print(random_network(random));
    const std::string alphabet = " \n\"\\{}[](),:=#%@N-+.0123456789abcdefxyz_\xff";
    for (uint32_t seed = 0; seed < 2000; ++seed) {
        SCOPED_TRACE(testing::Message() << "seed " << seed);
        Random mutate(seed);
        std::string text = sound;
        for (int64_t change = mutate.integer(1, 4); change > 0; --change) {
            const auto at = static_cast<size_t>(mutate.integer(0, static_cast<int64_t>(text.size()) - 1));
            const char c =
                alphabet[static_cast<size_t>(mutate.integer(0, static_cast<int64_t>(alphabet.size()) - 1))];
            switch (mutate.integer(0, 2)) {
                case 0:
                    text[at] = c;
                    break;
                case 1:
                    text.erase(at, static_cast<size_t>(mutate.integer(1, 20)));
                    break;
                default:
                    text.insert(at, 1, c);
            }
        }
        try {
            const Graph graph = parse(text);
            EXPECT_EQ(print(parse(print(graph))), print(graph));
        } catch (const CompileError &error) {
            EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos) << error.what();
        }
    }
}

}  // namespace

}  // namespace quantide
