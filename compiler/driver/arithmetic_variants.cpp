#include "compiler/driver/arithmetic_variants.h"

#include "compiler/ops/rules.h"

#include <fmt/ranges.h>

#include <algorithm>

namespace quantide {

namespace {

/** Differences below are noise. */
constexpr double kAsFast = 1.05;

/** The program with each product that can have the arithmetic asking for it. */
Program asking_for(Program program, const std::string &option, const LowerChoice &choice) {
    for (size_t i = 0; i < program.steps.size(); ++i) {
        const std::vector<ArithmeticReport> found = report_arithmetics(program, program.steps[i], choice);
        const auto can = [&](const ArithmeticReport &report) { return report.option == option; };
        if (!std::any_of(found.begin(), found.end(), can)) {
            continue;
        }
        for (Node &node : program.graph.nodes) {
            if (node.group == program.groups.at(static_cast<size_t>(program.steps[i].kernel)) &&
                is_integer_product(node)) {
                node.attributes["arithmetic"] = option;
            }
        }
    }
    return program;
}

}  // namespace

std::vector<ArithmeticVariant> arithmetic_variants(const Program &program, const LowerChoice &choice,
                                                   bool all) {
    std::vector<ArithmeticVariant> variants{{"", program}};
    std::vector<std::string> options;
    for (const Step &step : program.steps) {
        const std::vector<ArithmeticReport> found = report_arithmetics(program, step, choice);
        for (const ArithmeticReport &report : found) {
            if (found.size() > 1 && std::count(options.begin(), options.end(), report.option) == 0) {
                options.push_back(report.option);
            }
        }
    }
    for (const std::string &option : all ? options : std::vector<std::string>()) {
        variants.push_back({option, asking_for(program, option, choice)});
    }
    return variants;
}

void ChoiceCheck::add(const std::string &layer, std::span<const BenchRow> rows) {
    const auto slower = [](const BenchRow &a, const BenchRow &b) { return a.seconds < b.seconds; };
    const BenchRow &fastest = *std::min_element(rows.begin(), rows.end(), slower);
    ++layers_;
    if (rows.front().seconds > kAsFast * fastest.seconds) {
        wrong_.push_back(fmt::format("{}: {} is {:.2f}x as fast as {}", layer, fastest.arithmetic,
                                     rows.front().seconds / fastest.seconds, rows.front().arithmetic));
    }
}

std::string ChoiceCheck::summary() const {
    std::string text =
        fmt::format("the fastest arithmetic, or one within {:.0f} % of it, was chosen in {} of {} layers",
                    100 * (kAsFast - 1), layers_ - static_cast<int>(wrong_.size()), layers_);
    return wrong_.empty() ? text : fmt::format("{}; not in\n  {}", text, fmt::join(wrong_, "\n  "));
}

}  // namespace quantide
