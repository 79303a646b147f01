#include "compiler/codegen/library.h"
#include "compiler/codegen/program_module.h"
#include "compiler/driver/command.h"
#include "compiler/driver/kernel_report.h"
#include "compiler/driver/library_program.h"
#include "compiler/driver/output_files.h"
#include "compiler/driver/support.h"
#include "compiler/driver/text.h"

#include <chrono>
#include <set>

namespace quantide {

namespace {

struct CompileOptions {
    std::string network, folder, name;
    ParameterChoice parameters;
    std::vector<std::string> targets = {"host"};
    std::optional<std::string> cache;
    int threads = 0;
    bool random = false, parallel = false, no_cache = false, assembly = false;
};

std::vector<Target> find_targets(const std::vector<std::string> &names) {
    std::vector<Target> targets;
    std::set<std::string> seen;
    for (const std::string &name : names) {
        Target target = find_target(name);
        if (seen.insert(target.name).second) {
            targets.push_back(std::move(target));
        }
    }
    return targets;
}

/** The assembly of every kernel of every level, with the symbol's name. */
void add_assembly(OutputFiles &files, const std::string &folder, const Program &program, const Target &target,
                  bool parallel) {
    for (const Step &step : program.steps) {
        for (const CpuLevel *level : target.levels) {
            for (const auto &[least_batch, choice] :
                 kernel_choices(program, step, {.level = level, .batch = {}, .parallel = parallel})) {
                const std::string name =
                    kernel_symbol(program.graph.name, step.kernel, *choice.level, least_batch > 1);
                files.emplace_back(folder + name + ".s", kernel_assembly(program, step, choice));
            }
        }
    }
}

void compile(const CompileOptions &options) {
    const auto start = std::chrono::steady_clock::now();
    const Network &network = find_network(options.network);
    const std::vector<Target> targets = find_targets(options.targets);
    user_check(options.random != !options.parameters.checkpoint.empty(),
               "network '{}': expected either --checkpoint FILE or --random, found {}", options.network,
               options.random ? "both" : "neither");
    const Graph graph = network.graph();
    Program program = deployed_program(graph, parameters_of(graph, options.parameters));
    if (!options.name.empty()) {
        program.graph.name = options.name;
    }

    LibraryOptions library_options;
    library_options.parallel = options.parallel;
    library_options.threads = options.threads;
    if (options.no_cache || options.cache) {
        library_options.cache = options.no_cache ? CodeCache() : CodeCache(*options.cache);
    }
    OutputFiles files;
    int kernels = 0, compiled = 0;
    int64_t weight_bytes = 0;
    for (const Target &target : targets) {
        library_options.target = target;
        const Library library = compile_library(program, library_options);
        const std::string folder = targets.size() == 1 ? "" : target.name + "/";
        files.emplace_back(folder + library.name + ".h", library.header);
        files.emplace_back(folder + "lib" + library.name + ".a", library.archive);
        if (options.assembly) {
            add_assembly(files, folder, program, target, options.parallel);
        }
        kernels += library.kernels;
        compiled += library.compiled;
        weight_bytes = library.weight_bytes;
    }
    write_files(options.folder, files);
    warn_of_problem(library_options.cache);

    for (const auto &[name, content] : files) {
        fmt::print("{}/{}  {}\n", options.folder, name, format_bytes(static_cast<double>(content.size())));
    }
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    fmt::print("{} of weights, {} kernels ({} compiled, {} from the cache), {:.2f} s\n",
               format_bytes(static_cast<double>(weight_bytes)), kernels, compiled, kernels - compiled,
               seconds);
}

}  // namespace

std::function<void()> add_compile(CLI::App &app) {
    auto options = std::make_shared<CompileOptions>();
    add_network_argument(app, options->network);
    add_parameter_options(app, options->parameters, "safetensors file with the parameters");
    app.add_flag("--random", options->random, "Random weights instead of a checkpoint, to measure time");
    app.add_option("-o,--output", options->folder, "Folder for the files; made if needed")->required();
    app.add_option("--target", options->targets,
                   "What to compile for, separated by commas; 'list targets' names them")
        ->delimiter(',')
        ->capture_default_str();
    app.add_option("--name", options->name, "Name of the library and its functions; default: the network's");
    app.add_flag("--parallel", options->parallel,
                 "Calls use several threads; the library then needs pthreads");
    add_machine_option(app);
    app.add_flag("--assembly", options->assembly, "Write each kernel's assembly too");
    CLI::Option *cache = app.add_option("--cache-dir", options->cache,
                                        "Folder of compiled kernels; default: ~/.cache/quantide");
    app.add_flag("--no-cache", options->no_cache, "Compile every kernel, keep none")->excludes(cache);
    add_threads_option(app, options->threads);
    return [options] { compile(*options); };
}

}  // namespace quantide
