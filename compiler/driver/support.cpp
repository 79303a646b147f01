#include "compiler/driver/support.h"

#include "compiler/base/file.h"
#include "compiler/codegen/target_rates.h"
#include "compiler/passes/pass.h"
#include "training/initialize.h"

#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <filesystem>

namespace quantide {

namespace fs = std::filesystem;

namespace {

constexpr uint64_t kMostMachineBytes = 1 << 16;

}  // namespace

void add_network_argument(CLI::App &app, std::string &name) {
    app.add_option("NET", name, "The network; 'list networks' names them")->required();
}

void add_threads_option(CLI::App &app, int &threads) {
    app.add_option("--threads", threads, "Threads to use; 0: one a CPU. Results do not depend on it")
        ->check(whole_number(0, 4096))
        ->capture_default_str();
}

void add_machine_option(CLI::App &app) {
    app.add_option_function<std::string>(
           "--machine",
           [](const std::string &path) {
               use_machine(parse_machine(read_file(path, kMostMachineBytes), path));
           },
           "File of rates by which arithmetics are chosen: 'bench machine -o' writes this machine's; "
           "default: those that ship")
        ->envname("QUANTIDE_MACHINE");
}

CLI::Validator whole_number(uint64_t least, uint64_t most) {
    return CLI::Validator(
        [=](const std::string &text) {
            uint64_t value = 0;
            const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
            // A zero in front would make the number octal.
            const bool fine =
                error == std::errc() && fmt::to_string(value) == text && value >= least && value <= most;
            return fine ? ""
                        : fmt::format("expected a whole number from {} to {}, found '{}'", least, most, text);
        },
        "");
}

CLI::Validator positive_number() {
    return CLI::Validator(
        [](const std::string &text) {
            double value = 0;
            const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
            const bool fine =
                error == std::errc() && end == text.data() + text.size() && value > 0 && std::isfinite(value);
            return fine ? "" : fmt::format("expected a number above 0, found '{}'", text);
        },
        "");
}

CLI::Option *add_parameter_options(CLI::App &app, ParameterChoice &choice, const std::string &help) {
    CLI::Option *checkpoint = app.add_option("--checkpoint", choice.checkpoint, help);
    app.add_flag(
           "--last", choice.last,
           "Take a training checkpoint's parameters of the last epoch (its tensors NAME); default: those "
           "of the epoch with the least validation error (best.NAME)")
        ->needs(checkpoint);
    return checkpoint;
}

Recipe recipe_of(const Network &network) {
    user_check(network.recipe != nullptr, "network '{}': expected a recipe (QUANTIDE_RECIPE), found none",
               network.name);
    return network.recipe();
}

DataSplits load_data(const Recipe &recipe, const std::string &folder) {
    return find_data_source(recipe.data).load(folder);
}

Arrays parameters_of(const Graph &network, const ParameterChoice &choice) {
    if (choice.checkpoint.empty()) {
        Arrays parameters = initial_parameters(network, 1);
        for (const Node &node : network.nodes) {
            if (node.op == "affine_codes" && node.has("momentum")) {  // no data has been seen
                parameters.at(network.value(node.inputs[1]).name).floats()[1] = 1;
            }
        }
        return parameters;
    }
    std::string which;
    Arrays parameters = load_parameters(choice.checkpoint, network, !choice.last, &which);
    if (!which.empty()) {
        fmt::print(stderr, "{}: parameters of the {}{}\n", choice.checkpoint, which,
                   choice.last ? "" : "; --last takes those of the last");
    }
    return parameters;
}

Program deployed_program(const Graph &network, const Arrays &parameters) {
    PassOptions options;
    options.parameters = &parameters;
    return make_program(run_passes(network, deployment_passes(), options));
}

Graph training_graph(const Graph &network, const Recipe &recipe,
                     const std::function<bool(const std::string &pass, const Graph &)> &observe) {
    PassOptions options;
    options.loss = recipe.loss.op;
    options.optimizer = recipe.optimizer.op;
    options.optimizer_attributes = recipe.optimizer.attributes;
    options.batch = recipe.batch;
    return run_passes(network, training_passes(), options, [&](const Pass &pass, const Graph &graph) {
        return !observe || observe(pass.name, graph);
    });
}

void check_can_write(const std::string &path) {
    const fs::path folder = fs::absolute(path).parent_path();
    user_check(fs::is_directory(folder), "{}: expected to write into the folder {}, found none", path,
               folder.string());
    user_check(!fs::is_directory(path), "{}: expected the name of a file to write, found a folder", path);
    user_check(::access(folder.c_str(), W_OK) == 0, "{}: cannot write to the folder {}", path,
               folder.string());
}

ScratchFolder::ScratchFolder() {
    const char *wanted = std::getenv("TMPDIR");
    const std::string parent = wanted != nullptr && *wanted != '\0' ? wanted : "/tmp";
    path_ = parent + "/quantide-XXXXXX";
    user_check(::mkdtemp(path_.data()) != nullptr,
               "{}: cannot make a temporary folder here: {}; TMPDIR names another", parent,
               std::generic_category().message(errno));
}

ScratchFolder::~ScratchFolder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
}

std::string shell_quote(const std::string &text) {
    std::string result = "'";
    for (char c : text) {
        result += c == '\'' ? std::string("'\\''") : std::string(1, c);
    }
    return result + "'";
}

void run_shell(const std::string &what, const std::string &command, const std::string &log) {
    const int status =
        std::system(fmt::format("{{ {}\n}} >{} 2>&1 </dev/null", command, shell_quote(log)).c_str());
    if (status == 0) {
        return;
    }
    const std::string printed = read_file(log);
    const std::string why = WIFSIGNALED(status) ? fmt::format("killed by signal {}", WTERMSIG(status))
                                                : fmt::format("status {}", WEXITSTATUS(status));
    throw CompileError(fmt::format("{} failed ({}): {}", what, why, printed.substr(0, printed.find('\n'))));
}

}  // namespace quantide
