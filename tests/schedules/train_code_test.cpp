#include "compiler/codegen/target.h"
#include "compiler/lower/lower.h"
#include "compiler/ops/op.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <regex>
#include <sstream>

namespace quantide {

namespace {

ValueId parameter(Graph &graph, const std::string &name, int64_t rows, int64_t columns, bool codes,
                  Layout layout) {
    Attributes attributes{{"shape", columns > 0 ? Shape{rows, columns} : Shape{rows}},
                          {"init", "zeros"},
                          {"trainable", int64_t{0}}};
    if (codes) {
        attributes["quantizer"] = "sign";
    }
    const ValueId id = graph.add_one("parameter", name, {}, attributes);
    graph.value(id).layout = layout;
    return id;
}

/** The assembly of a graph of one group for a level. */
std::string assembly(const Graph &graph, const char *level) {
    LowerOptions options;
    options.level = &find_level(level);
    options.batch = 100;
    options.strict_float = false;
    const Kernel kernel = lower_group(graph, 0, options);
    const std::string path = ::testing::TempDir() + fmt::format("train_code_{}.s", level);
    make_pipeline(kernel).compile_to_assembly(path, {kernel.inputs.begin(), kernel.inputs.end()}, "kernel",
                                              kernel.target);
    std::ifstream file(path);
    std::ostringstream text;
    text << file.rdbuf();
    std::filesystem::remove(path);
    return text.str();
}

/** The additions straight from a table: an address with an index. */
size_t look_ups(const std::string &text, const std::string &add, const std::string &vector) {
    const std::regex pattern("\t" + add + "\t[-0-9a-z.]*\\(%r[^)]*,[^)]*\\), .*%" + vector);
    return static_cast<size_t>(std::distance(std::sregex_iterator(text.begin(), text.end(), pattern), {}));
}

struct Expected {
    const char *level, *add, *vector;
};

const Expected kExpected[] = {
    {"avx512", "vaddps", "zmm"}, {"avx2", "vaddps", "ymm"}, {"baseline", "addps", "xmm"}};

TEST(TrainCode, InputGradientAddsFromTables) {
    for (const Expected &e : kExpected) {
        Graph graph;
        const ValueId dy = parameter(graph, "dy", 100, 256, false, Layout::Logical);
        const ValueId w = parameter(graph, "w", 256, 128, true, Layout::OutputPanels);
        graph.outputs = {graph.add_one("dense_input_gradient", "dx", {dy, w})};
        graph.nodes.back().group = 0;
        EXPECT_GE(look_ups(assembly(graph, e.level), e.add, e.vector), 16) << e.level;
    }
}

TEST(TrainCode, WeightUpdateAddsFromTables) {
    for (const Expected &e : kExpected) {
        Graph graph;
        const ValueId dy = parameter(graph, "dy", 100, 64, false, Layout::Logical);
        const ValueId x = parameter(graph, "x", 100, 128, true, Layout::PackedWords);
        const ValueId w = parameter(graph, "w", 64, 128, false, Layout::OutputPanels);
        const ValueId m = parameter(graph, "m", 64, 128, false, Layout::OutputPanels);
        const ValueId rate = graph.add_one("scalar", "rate", {});
        const size_t first = graph.nodes.size();
        const ValueId dw = graph.add_one("dense_weight_gradient", "dw", {dy, x});
        const auto next =
            graph.add("sgd", "step", {w, m, dw, rate}, {{"momentum", 0.9}, {"scale", 1.0}, {"clip", 1.0}});
        graph.updates = {{w, next[0]}, {m, next[1]}};
        for (ValueId id : next) {
            graph.value(id).layout = Layout::OutputPanels;
        }
        for (size_t i = first; i < graph.nodes.size(); ++i) {
            graph.nodes[i].group = 0;
        }
        EXPECT_GE(look_ups(assembly(graph, e.level), e.add, e.vector), 25) << e.level;
    }
}

}  // namespace

}  // namespace quantide
