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
#include "tests/geometry/pairs.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <iterator>
#include <stdexcept>

namespace quantide {

namespace {

constexpr uint32_t kSeed = 1;

/** Interprets each case, of which `make` says everything but what is expected. */
std::vector<Case> interpreted(size_t count, const std::function<Case(size_t)> &make) {
    std::vector<Case> result(count);
    parallel_for(count, 0, [&](size_t i) {
        Case c = make(i);
        Arrays bindings = c.parameters;
        bindings["image"] = c.input;
        c.expected = interpret_outputs(c.network, bindings).at(0);
        result[i] = std::move(c);
    });
    return result;
}

std::string text_of(const Array &array) {
    return {reinterpret_cast<const char *>(array.bytes.data()), array.bytes.size()};
}

/** Has products multiplied by tiles wherever the level can, however few positions they have; else by what
 * their layers ask for, if it can that; of those that ask for nothing, by the second best arithmetic if there
 * is one. */
void ask_for_arithmetics(Graph &graph, const CpuLevel &level, bool second_best) {
    for (Node &node : graph.nodes) {
        if (!is_integer_product(node)) {
            continue;
        }
        const auto asked = node.attributes.extract("arithmetic");
        const std::vector<ArithmeticCost> costs = arithmetics_of(graph, node, {.level = &level});
        const auto can = [&](const std::string &arithmetic) {
            return std::any_of(costs.begin(), costs.end(), [&](const ArithmeticCost &cost) {
                return to_string(cost.arithmetic) == arithmetic;
            });
        };
        if (can("tiles")) {
            node.attributes["arithmetic"] = std::string("tiles");
        } else if (!asked.empty() && can(std::get<std::string>(asked.mapped()))) {
            node.attributes["arithmetic"] = asked.mapped();
        } else if (asked.empty() && second_best && costs.size() > 1) {
            node.attributes["arithmetic"] = std::string(to_string(costs[1].arithmetic));
        }
    }
}

/** A program that runs the library of every case on its input and compares the result. */
std::string main_of(std::span<const Case> cases) {
    std::string text, calls;
    for (const Case &c : cases) {
        text += fmt::format("#include \"{0}/{0}.h\"\n", c.network.name);
        calls += fmt::format("    CALL({}, {}, {}, {}, \"{}\");\n", c.network.name, c.input.shape[0],
                             c.input.bytes.size(), c.expected.bytes.size(), c.text);
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
                       cases.size(), cases[0].network.name);
}

}  // namespace

bool test_all() {
    const char *all = std::getenv("QUANTIDE_TEST_ALL");
    return all != nullptr && *all != 0;
}

const std::vector<Case> &geometry_cases() {
    static const std::vector<Case> all = [] {
        const int strength = test_all() ? 3 : 2;
        const Covering covering = cover(conv_axes(), strength, kSeed);
        std::vector<ConvCase> cases = group_cases();
        std::transform(covering.choices.begin(), covering.choices.end(), std::back_inserter(cases),
                       make_conv_case);
        fmt::print(
            "{} cases, {} of them from seed {}, which hold the {} combinations of {} values that are "
            "possible\n",
            cases.size(), covering.choices.size(), kSeed, covering.covered, strength);
        return interpreted(cases.size(), [&](size_t i) {
            const Graph network = cases[i].network(fmt::format("case{}", i));
            return Case{.text = cases[i].text(),
                        .network = network,
                        .parameters = cases[i].parameters(network),
                        .input = cases[i].input(),
                        .expected = {}};
        });
    }();
    return all;
}

const std::vector<Case> &quantizer_pairs() {
    static const std::vector<Case> all = [] {
        const std::vector<PairCase> cases = pair_cases(test_all());
        fmt::print("{} convolutions and {} dense layers of pairs of quantizers\n", cases.size(),
                   cases.size());
        return interpreted(cases.size(), [&](size_t i) {
            const Graph network = cases[i].network(fmt::format("pair{}", i));
            Random random(static_cast<uint32_t>(i));
            return Case{.text = cases[i].text(),
                        .network = network,
                        .parameters = draw_parameters(network, random),
                        .input = cases[i].input(),
                        .expected = {},
                        .second_best = cases[i].second_best};
        });
    }();
    return all;
}

void write_geometry_program(std::span<const Case> cases, const std::string &target,
                            const std::string &compiler, const std::string &folder) {
    LibraryOptions options;
    options.target = find_target(target);
    // Kernels that cases share are compiled once.
    options.cache = CodeCache(folder + "/cache");
    options.threads = 1;
    parallel_for(cases.size(), 0, [&](size_t i) {
        const Case &c = cases[i];
        PassOptions passes;
        passes.parameters = &c.parameters;
        Graph graph = run_passes(c.network, deployment_passes(), passes);
        ask_for_arithmetics(graph, *options.target.levels[0], c.second_best);
        write_library(compile_library(make_program(graph), options), folder + "/" + c.network.name);
    });
    std::string libraries, data;
    for (const Case &c : cases) {
        libraries += fmt::format("{0}/lib{0}.a\n", c.network.name);
        data += text_of(c.input) + text_of(c.expected);
    }
    write_file(folder + "/data", data);
    write_file(folder + "/main.c", main_of(cases));
    write_file(folder + "/libraries", libraries);
    const CommandResult linked =
        run_command("cd " + folder + " && " + compiler + " -std=c99 -O1 main.c @libraries -o program");
    if (linked.status != 0) {
        throw std::runtime_error(linked.output);
    }
}

}  // namespace quantide
