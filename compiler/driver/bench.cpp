#include "compiler/driver/bench.h"

#include "compiler/base/file.h"
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
        if (row.high > 0) {
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
            cells.push_back(row.high > 0 ? format_seconds(row.low) + " .. " + format_seconds(row.high) : "-");
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
    return text;
}

void bench(const BenchOptions &options) {
    if (!options.json.empty()) {
        check_can_write(options.json);
    }
    BenchReport report;
    if (options.subject == "machine") {
        bench_machine(options, report);
    } else if (options.subject == "kernels") {
        bench_kernels(options, report);
    } else if (options.train) {
        bench_training(options, report);
    } else {
        bench_network(options, report);
    }
    for (const std::string &line : report.skipped) {
        fmt::print(stderr, "skipped: {}\n", line);
    }
    if (!options.json.empty()) {
        write_file(options.json, report_json(report).dump(2) + "\n");
    }
    fmt::print("{}", report_text(report));
}

}  // namespace

std::vector<const CpuLevel *> bench_levels(const BenchOptions &options, BenchReport &report) {
    std::vector<const CpuLevel *> levels;
    for (const CpuLevel &level : all_levels()) {
        const bool wanted = options.level.empty() ? level.architecture == std::string(host_architecture())
                                                  : level.name == find_level(options.level).name;
        if (wanted && host_runs(level)) {
            levels.push_back(&level);
        } else if (wanted) {
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
        ->check(CLI::Range(1, 1 << 20))
        ->capture_default_str();
    app.add_option("--rounds", options->rounds, "Rounds; figures are medians over them")
        ->check(CLI::Range(1, 100000))
        ->capture_default_str();
    app.add_option("--level", options->level,
                   "CPU level; default: the best one for a network, all for kernels");
    app.add_option("--checkpoint", options->checkpoint,
                   "Parameters; default: those that training starts from");
    app.add_option("--filter", options->filter,
                   "kernels: only those whose name contains this regular expression");
    app.add_flag("--train", options->train, "The training step instead of the deployed network");
    app.add_option("--threads", options->threads,
                   "Threads; 0: one a CPU. A library of more is compiled --parallel")
        ->check(CLI::Range(0, 4096))
        ->capture_default_str();
    app.add_option("--json", options->json, "Write the report here");
    return [options] { bench(*options); };
}

}  // namespace quantide
