#include "compiler/codegen/target.h"
#include "compiler/driver/command.h"
#include "compiler/driver/text.h"
#include "compiler/ops/norm.h"
#include "compiler/ops/op.h"
#include "compiler/passes/pass.h"
#include "compiler/quantizers/gradient_format.h"
#include "compiler/quantizers/quantizer.h"
#include "dsl/affine.h"
#include "dsl/network.h"
#include "examples/common/dataset.h"

#include <fmt/ranges.h>

namespace quantide {

namespace {

Table network_table() {
    Table table;
    for (const Network &network : all_networks()) {
        const Recipe recipe = network.recipe != nullptr ? network.recipe() : Recipe{};
        table.push_back({network.name, recipe.data.empty() ? "-" : recipe.data, recipe.summary});
    }
    return table;
}

/** Names and summaries of the rows of one of the compiler's tables. */
template<typename Row>
Table row_table(std::span<const Row *const> rows) {
    Table table;
    for (const Row *row : rows) {
        table.push_back({row->name, row->summary});
    }
    return table;
}

/** What comes in one width or several. */
template<typename Row>
std::vector<std::string> width_row(const Row &row) {
    const bool one = row.least_bits == row.most_bits;
    return {one ? row.name : std::string(row.name) + "(bits)",
            one ? std::to_string(row.least_bits) : fmt::format("{}..{}", row.least_bits, row.most_bits),
            row.summary};
}

Table quantizer_table() {
    Table table;
    for (const QuantizerDef *row : all_quantizers()) {
        table.push_back(width_row(*row));
    }
    for (const AffineRow &row : affine_rows()) {
        table.push_back({std::string(row.name) + "(bits)", "1..8", row.summary});
    }
    return table;
}

Table gradient_table() {
    Table table;
    for (const GradientFormatDef &row : all_gradient_formats()) {
        table.push_back(width_row(row));
    }
    return table;
}

Table norm_table() {
    Table table;
    for (const Norm &norm : all_norms()) {
        table.push_back({norm.name, norm.layer, norm.summary});
    }
    return table;
}

Table pass_table() {
    Table table;
    for (const Pass &pass : deployment_passes()) {
        table.push_back({"deployment", pass.name, pass.summary});
    }
    for (const Pass &pass : training_passes()) {
        table.push_back({"training", pass.name, pass.summary});
    }
    return table;
}

Table target_table() {
    Table table;
    for (const auto &[name, summary] : all_targets()) {
        table.push_back({name, summary});
    }
    return table;
}

/** One row of what `list` lists. */
struct Section {
    const char *name;
    std::vector<std::string> header;
    Table (*rows)();
};

const Section kSections[] = {
    {"networks", {"network", "data", "summary"}, network_table},
    {"quantizers", {"quantizer", "bits", "summary"}, quantizer_table},
    {"gradients", {"format", "bits", "summary"}, gradient_table},
    {"ops", {"op", "summary"}, [] { return row_table(all_ops()); }},
    {"norms", {"norm", "layer", "deviation"}, norm_table},
    {"passes", {"pipeline", "pass", "summary"}, pass_table},
    {"targets", {"target", "summary"}, target_table},
    {"data", {"data set", "summary"}, [] { return row_table(all_data_sources()); }},
};

std::vector<std::string> section_names() {
    std::vector<std::string> names;
    for (const Section &section : kSections) {
        names.emplace_back(section.name);
    }
    return names;
}

void list(const std::string &wanted) {
    bool found = false;
    for (const Section &section : kSections) {
        if (!wanted.empty() && wanted != section.name) {
            continue;
        }
        Table table = section.rows();
        table.insert(table.begin(), section.header);
        fmt::print("{}{}", found ? "\n" : "", format_table(table));
        found = true;
    }
    user_check(found, "unknown list '{}': expected one of {}", wanted, fmt::join(section_names(), ", "));
}

}  // namespace

std::function<void()> add_list(CLI::App &app) {
    auto wanted = std::make_shared<std::string>();
    app.add_option("WHAT", *wanted,
                   fmt::format("One of {}; all without it", fmt::join(section_names(), ", ")));
    return [wanted] { list(*wanted); };
}

}  // namespace quantide
