#include "compiler/base/file.h"
#include "compiler/base/integers.h"
#include "compiler/driver/command.h"
#include "compiler/driver/library_program.h"
#include "compiler/driver/progress.h"
#include "compiler/driver/text.h"
#include "runtime/parallel.h"
#include "training/evaluator.h"

#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>

namespace quantide {

namespace {

struct EvalOptions {
    std::string network, data, backend = "jit", split = "test", level, target, runner, compiler, scores;
    ParameterChoice parameters;
    int threads = 0;
    bool json = false;
};

/** A backend's scores of `inputs`. */
using Backend = Array (*)(const EvalOptions &options, const Graph &network, const Arrays &parameters,
                          const Array &inputs);

/** Rows begin to end - 1 of an array. */
Array rows_of(const Array &array, int64_t begin, int64_t end) {
    Shape shape = array.shape;
    shape.at(0) = end - begin;
    Array result(array.type, shape);
    const auto row = static_cast<int64_t>(array.bytes.size()) / array.shape[0];
    std::copy(array.bytes.begin() + begin * row, array.bytes.begin() + end * row, result.bytes.begin());
    return result;
}

std::string input_name(const Graph &network) {
    for (const Node &node : network.nodes) {
        if (node.op == "input") {
            return network.value(node.outputs.at(0)).name;
        }
    }
    throw CompileError(fmt::format("network '{}': expected an input, found none", network.name));
}

Array run_reference(const EvalOptions &options, const Graph &network, const Arrays &parameters,
                    const Array &inputs) {
    constexpr int64_t kRows = 50;
    const int64_t rows = inputs.shape.at(0);
    const std::string name = input_name(network);
    fmt::print(stderr, "interpreting {} images\n", rows);
    Array scores(Float(32), {rows, network.value(network.outputs.at(0)).shape.at(1)});
    const int64_t row_bytes = static_cast<int64_t>(scores.bytes.size()) / rows;
    parallel_for(static_cast<size_t>(divide_up(rows, kRows)), options.threads, [&](size_t part) {
        const int64_t begin = static_cast<int64_t>(part) * kRows, end = std::min(rows, begin + kRows);
        Arrays bindings = parameters;
        bindings[name] = rows_of(inputs, begin, end);
        const Array result = interpret_outputs(network, bindings).at(0);
        std::copy(result.bytes.begin(), result.bytes.end(), scores.bytes.begin() + begin * row_bytes);
    });
    return scores;
}

Array run_jit(const EvalOptions &options, const Graph &network, const Arrays &parameters,
              const Array &inputs) {
    JitOptions jit;
    jit.level = options.level.empty() ? nullptr : &find_level(options.level);
    jit.compile_threads = options.threads;
    jit.compiling = [](int kernels) { show_compiling("the network", kernels); };
    set_jit_threads(options.threads);
    return Evaluator(network, parameters, jit).run(inputs);
}

Target library_target(const EvalOptions &options) {
    if (options.level.empty()) {
        return find_target(options.target.empty() ? "host" : options.target);
    }
    user_check(options.target.empty(), "expected --level or --target, found both: --target {} --level {}",
               options.target, options.level);
    const CpuLevel &level = find_level(options.level);
    return find_target(fmt::format("{}-linux-{}", level.architecture, level.name));
}

Array run_in_library(const EvalOptions &options, const Graph &network, const Arrays &parameters,
                     const Array &inputs) {
    const Target target = library_target(options);
    const Toolchain toolchain = find_toolchain(target, {options.compiler, options.runner});
    return run_library(deployed_program(network, parameters), target, toolchain, inputs);
}

struct NamedBackend {
    const char *name;
    Backend run;
};
const NamedBackend kBackends[] = {
    {"reference", run_reference}, {"jit", run_jit}, {"library", run_in_library}};

/** Options that not every backend has. */
struct BackendOption {
    const char *name;
    std::string EvalOptions::*value;
    std::vector<std::string> backends;
};
const BackendOption kBackendOptions[] = {{"--level", &EvalOptions::level, {"jit", "library"}},
                                         {"--target", &EvalOptions::target, {"library"}},
                                         {"--cc", &EvalOptions::compiler, {"library"}},
                                         {"--runner", &EvalOptions::runner, {"library"}}};

void check_backend_options(const EvalOptions &options) {
    for (const auto &[name, value, backends] : kBackendOptions) {
        user_check((options.*value).empty() ||
                       std::find(backends.begin(), backends.end(), options.backend) != backends.end(),
                   "{} {}: expected it with --backend {}, found --backend {}", name, options.*value,
                   fmt::join(backends, " or --backend "), options.backend);
    }
}

struct NamedSplit {
    const char *name;
    DataSet DataSplits::*data;
};
const NamedSplit kSplits[] = {
    {"test", &DataSplits::test}, {"validation", &DataSplits::validation}, {"train", &DataSplits::train}};

/** The row of that name. Throws CompileError that lists the known ones. */
template<typename Row, size_t kCount>
const Row &find_row(const Row (&rows)[kCount], const char *what, const std::string &name) {
    std::vector<std::string> known;
    for (const Row &row : rows) {
        if (name == row.name) {
            return row;
        }
        known.emplace_back(row.name);
    }
    throw CompileError(
        fmt::format("unknown {} '{}': expected one of {}", what, name, fmt::join(known, ", ")));
}

void eval(const EvalOptions &options) {
    const Network &network = find_network(options.network);
    const NamedBackend &backend = find_row(kBackends, "backend", options.backend);
    const NamedSplit &split = find_row(kSplits, "split", options.split);
    check_backend_options(options);
    const Recipe recipe = recipe_of(network);
    if (!options.scores.empty()) {
        check_can_write(options.scores);
    }
    const Graph graph = network.graph();
    const Arrays parameters = parameters_of(graph, options.parameters);
    const Arrays fitted = load_preprocessing(options.parameters.checkpoint);
    DataSet data = std::move(load_data(recipe, options.data).*split.data);
    const Array labels = data.labels;
    const int64_t images = data.size();
    const Array scores = backend.run(options, graph, parameters,
                                     network_inputs(graph, recipe.preprocessing, std::move(data), fitted));

    const double error = error_rate(scores, labels);
    if (!options.scores.empty()) {
        write_file(options.scores,
                   {reinterpret_cast<const char *>(scores.bytes.data()), scores.bytes.size()});
    }
    if (options.json) {
        const nlohmann::ordered_json json = {{"error", error},
                                             {"images", images},
                                             {"backend", options.backend},
                                             {"split", options.split},
                                             {"network", options.network}};
        fmt::print("{}\n", json.dump(2));
    } else {
        fmt::print("{} error: {} ({} of {} images), {}\n", options.split, format_percent(error),
                   std::lround(error * static_cast<double>(images)), images, options.backend);
    }
}

}  // namespace

std::function<void()> add_eval(CLI::App &app) {
    auto options = std::make_shared<EvalOptions>();
    add_network_argument(app, options->network);
    add_parameter_options(app, options->parameters, "safetensors file with the parameters")->required();
    app.add_option("--data", options->data, "Folder of the data set; without it, the data that ships");
    app.add_option("--split", options->split, "test, validation or train")->capture_default_str();
    app.add_option("--backend", options->backend, "reference, jit or library")->capture_default_str();
    app.add_option("--level", options->level,
                   "jit, library: one CPU level, such as avx2; default: the best there is");
    app.add_option("--target", options->target, "library: what to compile for; 'list targets' names them");
    app.add_option("--cc", options->compiler,
                   "library: the C compiler; default: cc, or the target's cross compiler");
    app.add_option("--runner", options->runner,
                   "library: the command to put before the program, such as \"qemu-aarch64 -cpu max\"");
    app.add_option("--scores", options->scores,
                   "Write the scores here: float32 [images, classes], little-endian");
    add_threads_option(app, options->threads);
    app.add_flag("--json", options->json, "Print the result as JSON");
    return [options] { eval(*options); };
}

}  // namespace quantide
