#include "compiler/driver/bench.h"

#include "compiler/base/file.h"
#include "compiler/codegen/target_rates.h"
#include "compiler/driver/command.h"
#include "compiler/driver/support.h"
#include "compiler/driver/text.h"
#include "runtime/cpu_features.h"
#include "runtime/parallel.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <fstream>

namespace quantide {

namespace {

using Json = nlohmann::ordered_json;

std::string cpu_model() {
    std::ifstream file("/proc/cpuinfo");
    for (std::string line; std::getline(file, line);) {
        const size_t colon = line.find(": ");
        if (line.starts_with("model name") && colon != std::string::npos) {
            return line.substr(colon + 2);
        }
    }
    return host_architecture();
}

Json report_json(const BenchReport &report) {
    Json machine = {{"cpu", cpu_model()}, {"level", host_level().name}, {"cores", available_threads()}};
    machine["limits_gops"] = report.limits;
    Json results = Json::array();
    for (const BenchRow &row : report.rows) {
        Json result = {{"name", row.name},
                       {"seconds", row.seconds},
                       {"gops", nullptr},
                       {"limit_gops", nullptr},
                       {"fraction", nullptr}};
        if (row.operations > 0) {
            result["gops"] = row.gops();
        }
        if (row.limit_gops > 0) {
            result["limit_gops"] = row.limit_gops;
            result["fraction"] = row.gops() / row.limit_gops;
        }
        result["baselines"] = row.baselines;
        if (row.high != 0) {
            result["interval"] = {row.low, row.high};
        }
        if (!row.arithmetic.empty()) {
            result["arithmetic"] = row.arithmetic;
        }
        results.push_back(std::move(result));
    }
    return {{"machine", machine}, {"results", results}, {"skipped", report.skipped}};
}

std::string report_text(const BenchReport &report) {
    std::string text =
        fmt::format("{}, {} cores, best level {}\n", cpu_model(), available_threads(), host_level().name);
    if (!report.limits.empty()) {
        Table limits = {{"limit", "GOPS"}};
        for (const auto &[name, gops] : report.limits) {
            limits.push_back({name, fmt::format("{:.1f}", gops)});
        }
        text += "\n" + format_table(limits);
    }
    if (!report.rows.empty()) {
        Table table = {{"name", "arithmetic", "seconds", "95 % interval", "GOPS", "limit", "fraction"}};
        if (std::any_of(report.rows.begin(), report.rows.end(),
                        [](const BenchRow &row) { return !row.baselines.empty(); })) {
            table[0].insert(table[0].end(), {"rival", "seconds", "speedup"});
        }
        for (const BenchRow &row : report.rows) {
            std::vector<std::string> cells = {row.name, row.arithmetic, format_seconds(row.seconds)};
            cells.push_back(row.high != 0 ? format_seconds(row.low) + " .. " + format_seconds(row.high)
                                          : "-");
            cells.push_back(row.operations > 0 ? fmt::format("{:.1f}", row.gops()) : "-");
            cells.push_back(row.limit_gops > 0 ? fmt::format("{:.1f}", row.limit_gops) : "-");
            cells.push_back(row.limit_gops > 0 ? fmt::format("{:.0f} %", 100 * row.gops() / row.limit_gops)
                                               : "-");
            for (const auto &[rival, seconds] : row.baselines) {
                cells.push_back(rival);
                cells.push_back(format_seconds(seconds));
                cells.push_back(fmt::format("{:.1f}x", seconds / row.seconds));
            }
            table.push_back(std::move(cells));
        }
        text += "\n" + format_table(table);
    }
    for (const std::string &line : report.summary) {
        text += "\n" + line + "\n";
    }
    return text;
}

/** The limits as the text that --machine reads. */
std::string machine_text(const BenchReport &report) {
    Machine machine;
    for (const auto &[name, gops] : report.limits) {
        const size_t slash = name.find('/');
        machine[name.substr(0, slash)][name.substr(slash + 1)] = gops;
    }
    return print_machine(machine, fmt::format("quantide bench machine, {}", cpu_model()));
}

/** What a line measures. */
enum class Subject : uint8_t { Network, TrainingStep, Kernels, Machine };

Subject subject_of(const BenchOptions &options) {
    return options.subject == "machine"   ? Subject::Machine
           : options.subject == "kernels" ? Subject::Kernels
           : options.train                ? Subject::TrainingStep
                                          : Subject::Network;
}

/** Options that not every subject has. */
struct SubjectOption {
    const char *name;
    std::vector<Subject> subjects;
    const char *with;  ///< what to write for it to mean something
};
const SubjectOption kSubjectOptions[] = {
    {"--train", {Subject::TrainingStep}, "a network"},
    {"--filter", {Subject::Kernels}, "'kernels'"},
    {"--output", {Subject::Machine}, "'machine'"},
    {"--all-arithmetic", {Subject::Network, Subject::Kernels}, "a network without --train or 'kernels'"},
    {"--batch", {Subject::Network}, "a network without --train"},
    {"--checkpoint", {Subject::Network}, "a network without --train"},
    {"--threads", {Subject::Network, Subject::TrainingStep}, "a network"},
    {"--level", {Subject::Network, Subject::Kernels, Subject::Machine}, "anything but --train"},
};

void check_options(const CLI::App &app, const BenchOptions &options) {
    const Subject subject = subject_of(options);
    for (const SubjectOption &row : kSubjectOptions) {
        const bool fits = std::find(row.subjects.begin(), row.subjects.end(), subject) != row.subjects.end();
        user_check(fits || app.count(row.name) == 0, "{}: expected it with {}, found it with '{}'{}",
                   row.name, row.with, options.subject, options.train ? " --train" : "");
    }
}

void bench(const BenchOptions &options) {
    for (const std::string &path : {options.json, options.output}) {
        if (!path.empty()) {
            check_can_write(path);
        }
    }
    BenchReport report;
    switch (subject_of(options)) {
        case Subject::Machine:
            bench_machine(options, report);
            break;
        case Subject::Kernels:
            bench_kernels(options, report);
            break;
        case Subject::TrainingStep:
            bench_training(options, report);
            break;
        case Subject::Network:
            options.all_arithmetic ? bench_arithmetics(options, report) : bench_network(options, report);
            break;
    }
    for (const std::string &line : report.skipped) {
        fmt::print(stderr, "skipped: {}\n", line);
    }
    if (!options.json.empty()) {
        write_file(options.json, report_json(report).dump(2) + "\n");
    }
    if (!options.output.empty()) {
        write_file(options.output, machine_text(report));
    }
    fmt::print("{}", report_text(report));
}

}  // namespace

std::vector<const CpuLevel *> bench_levels(const BenchOptions &options, BenchReport &report) {
    if (!options.level.empty()) {
        const CpuLevel &level = find_level(options.level);
        user_check(host_runs(level), "CPU level {}: this machine lacks it; it has {}", level.name,
                   host_level().name);
        return {&level};
    }
    std::vector<const CpuLevel *> levels;
    for (const CpuLevel &level : all_levels()) {
        if (level.architecture != std::string(host_architecture())) {
            continue;
        }
        if (host_runs(level)) {
            levels.push_back(&level);
        } else {
            report.skipped.push_back(fmt::format("level {}, which this machine lacks", level.name));
        }
    }
    return levels;
}

std::function<void()> add_bench(CLI::App &app) {
    auto options = std::make_shared<BenchOptions>();
    app.add_option("WHAT", options->subject, "A network, 'kernels' or 'machine'")->required();
    app.add_option("--batch", options->batches, "Images a call, separated by commas")
        ->delimiter(',')
        ->check(whole_number(1, 1 << 20))
        ->capture_default_str();
    app.add_option("--rounds", options->rounds, "Rounds; figures are medians over them")
        ->check(whole_number(1, 100000))
        ->capture_default_str();
    app.add_option("--level", options->level,
                   "CPU level; default: the best one for a network, all for kernels");
    add_parameter_options(app, options->parameters,
                          "safetensors file with the parameters; default: those that training starts from");
    app.add_option("--filter", options->filter,
                   "kernels: only those whose name contains this regular expression");
    app.add_flag("--train", options->train, "The training step instead of the deployed network");
    app.add_option("--threads", options->threads,
                   "Threads; 0: one a CPU. A library of more is compiled --parallel")
        ->check(whole_number(0, 4096))
        ->capture_default_str();
    app.add_flag("--all-arithmetic", options->all_arithmetic,
                 "Every arithmetic that a layer can have, and where another than the chosen one is faster");
    app.add_option("-o,--output", options->output,
                   "machine: write the rates here, for --machine of other commands");
    add_machine_option(app);
    app.add_option("--json", options->json, "Write the report here");
    return [options, &app] {
        check_options(app, *options);
        bench(*options);
    };
}

}  // namespace quantide
