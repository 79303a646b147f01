#include "compiler/codegen/target_rates.h"
#include "compiler/driver/command.h"
#include "compiler/driver/kernel_report.h"
#include "compiler/driver/support.h"
#include "compiler/driver/text.h"
#include "compiler/passes/pass.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <set>

namespace quantide {

namespace {

struct InspectOptions {
    std::string network, target = "host", after;
    ParameterChoice parameters;
    bool training = false;
};

/** The graph after each pass, until `observe` returns false; the last one. */
Graph run_pipeline(const InspectOptions &options,
                   const std::function<bool(const std::string &pass, const Graph &)> &observe = nullptr) {
    const Network &network = find_network(options.network);
    const Graph graph = network.graph();
    if (options.training) {
        return training_graph(graph, recipe_of(network), observe);
    }
    const Arrays parameters = parameters_of(graph, options.parameters);
    PassOptions pass_options;
    pass_options.parameters = &parameters;
    return run_passes(graph, deployment_passes(), pass_options, [&](const Pass &pass, const Graph &result) {
        return !observe || observe(pass.name, result);
    });
}

void check_pass(const InspectOptions &options) {
    const auto names = [](std::span<const Pass> passes) {
        std::vector<std::string> result;
        for (const Pass &pass : passes) {
            result.emplace_back(pass.name);
        }
        return result;
    };
    const auto has = [&](const std::vector<std::string> &passes) {
        return std::find(passes.begin(), passes.end(), options.after) != passes.end();
    };
    const auto deployment = names(deployment_passes()), training = names(training_passes());
    const auto &known = options.training ? training : deployment;
    const char *hint = !has(options.training ? deployment : training) ? ""
                       : options.training ? "; without --training there is one of that name"
                                          : "; with --training there is one of that name";
    user_check(has(known), "unknown pass '{}': expected one of {}{}", options.after, fmt::join(known, ", "),
               hint);
}

/** "uint1 -1, +1" or "uint8 0.125 c - 1": what a value's elements are. */
std::string describe(const Value &value) {
    std::string text = to_string(value.type);
    if (value.encoding.plain()) {
        return text;
    }
    return text + fmt::format(" {:+g}..{:+g}", number_of(value.encoding, 0),
                              number_of(value.encoding, value.encoding.codes() - 1));
}

std::string describe_all(const Graph &graph, const std::vector<ValueId> &ids) {
    std::vector<std::string> parts;
    for (ValueId id : ids) {
        parts.push_back(describe(graph.value(id)));
    }
    return parts.empty() ? "-" : fmt::format("{}", fmt::join(parts, ", "));
}

bool is_stored(const std::string &op) {
    return op == "constant" || op == "parameter" || op == "scalar" || op == "random_key" || op == "labels";
}

/** The ops of a step, the values that it reads beside stored ones, its weights, and the values that others
 * read. */
struct StepSummary {
    std::vector<std::string> ops;
    std::vector<ValueId> inputs, weights, outputs;
};

StepSummary summarize(const Program &program, const Step &step) {
    const Graph &graph = program.graph;
    const int group = program.groups.at(static_cast<size_t>(step.kernel));
    StepSummary summary;
    const auto add = [](std::vector<ValueId> &to, ValueId id) {
        if (std::find(to.begin(), to.end(), id) == to.end()) {
            to.push_back(id);
        }
    };
    for (const Node &node : graph.nodes) {
        if (node.group != group) {
            continue;
        }
        summary.ops.push_back(node.op);
        for (ValueId id : node.inputs) {
            const Node &producer = graph.producer(id);
            if (producer.group != group && !is_stored(producer.op)) {
                add(summary.inputs, id);
            } else if (producer.group != group && has_panels(graph.value(id).layout)) {
                add(summary.weights, id);
            }
        }
        for (ValueId id : node.outputs) {
            const std::vector<int> users = graph.users(id);
            const bool used_outside = std::any_of(users.begin(), users.end(), [&](int user) {
                return graph.nodes.at(static_cast<size_t>(user)).group != group;
            });
            if (used_outside || users.empty()) {
                add(summary.outputs, id);
            }
        }
    }
    return summary;
}

Table layer_table(const Program &program) {
    Table table = {
        {"#", "layer", "ops", "in", "weights", "out", "operations", "weight bytes", "float32 bytes"}};
    int64_t operations = 0, bytes = 0, float_bytes = 0;
    for (const Step &step : program.steps) {
        const StepSummary summary = summarize(program, step);
        table.push_back(
            {std::to_string(step.kernel), step.layer, fmt::format("{}", fmt::join(summary.ops, " + ")),
             describe_all(program.graph, summary.inputs), describe_all(program.graph, summary.weights),
             describe_all(program.graph, summary.outputs), std::to_string(step.operations),
             std::to_string(step.weight_bytes), std::to_string(step.weight_bytes_float)});
        operations += step.operations;
        bytes += step.weight_bytes;
        float_bytes += step.weight_bytes_float;
    }
    table.push_back({"", "total", "", "", "", "", std::to_string(operations), std::to_string(bytes),
                     std::to_string(float_bytes)});
    return table;
}

/** How the kernels are lowered, but for the level. */
LowerChoice lower_choice(const InspectOptions &options) {
    if (!options.training) {
        return {};
    }
    return {.level = nullptr,
            .batch = recipe_of(find_network(options.network)).batch,
            .parallel = true,
            .strict_float = false};
}

/** "popcount (vpopcntd)". */
std::string arithmetic_of(const KernelReport &report) {
    return report.arithmetic.empty()    ? "-"
           : report.instruction.empty() ? report.arithmetic
                                        : fmt::format("{} ({})", report.arithmetic, report.instruction);
}

/** What a level does in each kernel, and how long it takes by the rates in use. */
Table arithmetic_table(const Program &program, const Target &target, LowerChoice choice) {
    Table table = {{"#", "layer", "kernel"}};
    for (const CpuLevel *level : target.levels) {
        table[0].insert(table[0].end(), {level->name, "estimated"});
    }
    std::vector<double> total(target.levels.size());
    for (const Step &step : program.steps) {
        std::vector<std::string> row = {std::to_string(step.kernel), step.layer, ""};
        for (size_t i = 0; i < target.levels.size(); ++i) {
            choice.level = target.levels[i];
            const auto kernels = kernel_choices(program, step, choice);
            const KernelReport report = report_kernel(program, step, kernels.front().second);
            row[2] = report.family;
            row.push_back(arithmetic_of(report));
            if (kernels.size() > 1) {
                row.back() += fmt::format(", from {} images {}", kernels[1].first,
                                          arithmetic_of(report_kernel(program, step, kernels[1].second)));
            }
            const std::optional<double> gops = rate_of(*choice.level, report.arithmetic);
            if (step.operations == 0 || !gops) {
                row.emplace_back("-");
                continue;
            }
            const double seconds = static_cast<double>(step.operations * choice.batch.value_or(1)) *
                                   report.plane_pairs / *gops * 1e-9;
            total[i] += seconds;
            row.push_back(format_seconds(seconds));
        }
        table.push_back(std::move(row));
    }
    std::vector<std::string> last = {"", "total", ""};
    for (const double seconds : total) {
        last.insert(last.end(), {"", format_seconds(seconds)});
    }
    table.push_back(std::move(last));
    return table;
}

/** What each level could multiply codes by: the choice, the runner-up and what both are estimated to take. */
Table choice_table(const Program &program, const Target &target, LowerChoice choice) {
    Table table = {{"#", "layer", "level", "images", "choice", "one image", "of many", "because", "runner-up",
                    "one image", "of many", "because"}};
    for (const Step &step : program.steps) {
        for (const CpuLevel *level : target.levels) {
            choice.level = level;
            const auto kernels = kernel_choices(program, step, choice);
            for (const auto &[least_batch, kernel] : kernels) {
                LowerChoice by_level = kernel;  // whosever code it is
                by_level.level = level;
                const std::vector<ArithmeticReport> found = report_arithmetics(program, step, by_level);
                if (found.empty()) {
                    continue;
                }
                const std::string images = kernels.size() == 1 ? "any"
                                           : least_batch > 1   ? fmt::format("from {}", least_batch)
                                                               : fmt::format("to {}", kernels[1].first - 1);
                std::vector<std::string> row = {std::to_string(step.kernel), step.layer, level->name, images};
                for (size_t i = 0; i < 2; ++i) {
                    if (i < found.size()) {
                        row.insert(row.end(), {found[i].name, format_seconds(found[i].one),
                                               format_seconds(found[i].many), found[i].why});
                    } else {
                        row.insert(row.end(), {"none", "-", "-", "-"});
                    }
                }
                table.push_back(std::move(row));
            }
        }
    }
    return table;
}

/** What goes through memory between kernels, and why it does. */
Table boundary_table(const Program &program) {
    const Graph &graph = program.graph;
    std::map<int, const Step *> step_of;  // by group
    for (const Step &step : program.steps) {
        step_of[program.groups.at(static_cast<size_t>(step.kernel))] = &step;
    }
    Table table = {{"value", "bytes", "from #", "to #", "why it is not one kernel"}};
    std::set<std::pair<ValueId, int>> seen;
    for (const GroupBoundary &boundary : group_boundaries(graph)) {
        const Value &value = graph.value(boundary.value);
        const int from = graph.producer(boundary.value).group,
                  to = graph.nodes.at(static_cast<size_t>(boundary.consumer)).group;
        if (seen.emplace(boundary.value, to).second) {
            table.push_back({value.name, std::to_string(byte_count(value.shape, value.type, value.layout, 1)),
                             std::to_string(step_of.at(from)->kernel), std::to_string(step_of.at(to)->kernel),
                             boundary.reason});
        }
    }
    return table;
}

void inspect(const InspectOptions &options) {
    const Target target = find_target(options.target);
    user_check(!options.training || options.parameters.checkpoint.empty(),
               "--checkpoint: expected it without --training, which starts from initial parameters");
    if (!options.after.empty()) {
        check_pass(options);
        const Graph graph = run_pipeline(
            options, [&](const std::string &pass, const Graph &) { return pass != options.after; });
        fmt::print("{}", print(graph));
        return;
    }
    const Program program = make_program(run_pipeline(options));
    fmt::print("{}\n", format_table(layer_table(program)));
    fmt::print("{}\n", format_table(arithmetic_table(program, target, lower_choice(options))));
    if (const Table choices = choice_table(program, target, lower_choice(options)); choices.size() > 1) {
        fmt::print("{}\n", format_table(choices));
    }
    const Table boundaries = boundary_table(program);
    if (boundaries.size() > 1) {
        fmt::print("{}\n", format_table(boundaries));
    }
    const char *unit = options.training ? "in all" : "per image";
    fmt::print("{} kernels; operations are per image, 2 per multiply-add\n", program.steps.size());
    fmt::print("estimated: operations {} by the rates of one core, weights in cache; 'bench' measures\n",
               options.training ? "of a step" : "of an image");
    fmt::print("arena: {} bytes {}; peak: {} bytes are alive in #{}, no plan needs less\n",
               program.scratch_bytes_per_image, unit, program.peak_bytes_per_image, program.peak_step);
}

}  // namespace

std::function<void()> add_inspect(CLI::App &app) {
    auto options = std::make_shared<InspectOptions>();
    add_network_argument(app, options->network);
    app.add_option("--target", options->target, "Whose arithmetic to show; 'list targets' names them")
        ->capture_default_str();
    add_parameter_options(app, options->parameters,
                          "safetensors file with the parameters; default: those that training starts from");
    add_machine_option(app);
    app.add_option("--after", options->after, "Print the graph after this pass; 'list passes' names them");
    app.add_flag("--training", options->training, "The training step instead of the deployed network");
    return [options] { inspect(*options); };
}

}  // namespace quantide
