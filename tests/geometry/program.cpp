#include "tests/geometry/program.h"

#include "compiler/base/file.h"
#include "compiler/codegen/library.h"
#include "compiler/interpret/interpret.h"
#include "compiler/lower/arithmetic.h"
#include "compiler/ops/rules.h"
#include "compiler/passes/pass.h"
#include "runtime/parallel.h"
#include "tests/codegen/command.h"
#include "tests/geometry/cases.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <iterator>
#include <stdexcept>

namespace quantide {

namespace {

constexpr uint32_t kSeed = 1;

/** Each combination of values of so many axes is in a case. */
int strength() {
    const char *all = std::getenv("QUANTIDE_TEST_ALL");
    return all != nullptr && *all != 0 ? 3 : 2;
}

/** A case and what the interpreter makes of it. */
struct Drawn {
    ConvCase conv;
    std::string name;
    Graph network;
    Arrays parameters;
    Array input, expected;
};

const std::vector<Drawn> &drawn() {
    static const std::vector<Drawn> all = [] {
        const Covering covering = cover(conv_axes(), strength(), kSeed);
        std::vector<ConvCase> cases = group_cases();
        std::transform(covering.choices.begin(), covering.choices.end(), std::back_inserter(cases),
                       make_conv_case);
        std::vector<Drawn> result(cases.size());
        parallel_for(result.size(), 0, [&](size_t i) {
            Drawn &d = result[i];
            d.conv = cases[i];
            d.name = fmt::format("case{}", i);
            d.network = d.conv.network(d.name);
            d.parameters = d.conv.parameters(d.network);
            d.input = d.conv.input();
            Arrays bindings = d.parameters;
            bindings["image"] = d.input;
            d.expected = interpret_outputs(d.network, bindings).at(0);
        });
        fmt::print(
            "{} cases, {} of them from seed {}, which hold the {} combinations of {} values that are "
            "possible\n",
            result.size(), covering.choices.size(), kSeed, covering.covered, strength());
        return result;
    }();
    return all;
}

std::string text_of(const Array &array) {
    return {reinterpret_cast<const char *>(array.bytes.data()), array.bytes.size()};
}

/** Has products multiplied by tiles wherever the level can, however few positions they have. */
void ask_for_tiles(Graph &graph, const CpuLevel &level) {
    for (Node &node : graph.nodes) {
        if (!is_integer_product(node)) {
            continue;
        }
        const auto asked = node.attributes.extract("arithmetic");
        const std::vector<ArithmeticCost> costs = arithmetics_of(graph, node, {.level = &level});
        const bool tiles = std::any_of(costs.begin(), costs.end(), [](const ArithmeticCost &cost) {
            return cost.arithmetic == Arithmetic::Tiles;
        });
        if (tiles) {
            node.attributes["arithmetic"] = std::string("tiles");
        } else if (!asked.empty()) {
            node.attributes["arithmetic"] = asked.mapped();
        }
    }
}

/** A program that runs the library of every case on its input and compares the result. */
std::string main_of_all() {
    std::string text, calls;
    for (const Drawn &d : drawn()) {
        text += fmt::format("#include \"{}/{}.h\"\n", d.name, d.name);
        calls += fmt::format("    CALL({}, {}, {}, {}, \"{}\");\n", d.name, d.conv.batch,
                             d.input.bytes.size(), d.expected.bytes.size(), d.conv.text());
    }
    return text + R"(#include <stdio.h>
#include <string.h>

#define CALL(name, batch, in_bytes, out_bytes, what)                                                 \
    do {                                                                                             \
        void *in = malloc(in_bytes), *out = malloc(out_bytes), *expected = malloc(out_bytes);        \
        if (fread(in, in_bytes, 1, data) != 1 || fread(expected, out_bytes, 1, data) != 1 ||         \
            name##_run_alloc(in, out, batch) != 0 || memcmp(out, expected, out_bytes) != 0) {        \
            puts("differs: " what);                                                                  \
            ++differ;                                                                                \
        }                                                                                            \
        free(in);                                                                                    \
        free(out);                                                                                   \
        free(expected);                                                                              \
    } while (0)

int main(int argc, char **argv) {
    FILE *data = fopen(argv[argc - 1], "rb");
    int differ = 0;
)" + calls +
           fmt::format(R"(    printf("level %s: %d of {0} cases differ\n", {1}_cpu_level(), differ);
    return fclose(data) != 0 || differ != 0;
}}
)",
                       drawn().size(), drawn().at(0).name);
}

}  // namespace

void write_geometry_program(const std::string &target, const std::string &compiler,
                            const std::string &folder) {
    LibraryOptions options;
    options.target = find_target(target);
    options.cache = CodeCache();
    options.threads = 1;
    parallel_for(drawn().size(), 0, [&](size_t i) {
        const Drawn &d = drawn()[i];
        PassOptions passes;
        passes.parameters = &d.parameters;
        Graph graph = run_passes(d.network, deployment_passes(), passes);
        ask_for_tiles(graph, *options.target.levels[0]);
        write_library(compile_library(make_program(graph), options), folder + "/" + d.name);
    });
    std::string libraries, data;
    for (const Drawn &d : drawn()) {
        libraries += fmt::format("{0}/lib{0}.a\n", d.name);
        data += text_of(d.input) + text_of(d.expected);
    }
    write_file(folder + "/data", data);
    write_file(folder + "/main.c", main_of_all());
    write_file(folder + "/libraries", libraries);
    const CommandResult linked =
        run_command("cd " + folder + " && " + compiler + " -std=c99 -O1 main.c @libraries -o program");
    if (linked.status != 0) {
        throw std::runtime_error(linked.output);
    }
}

}  // namespace quantide
