#include "compiler/ops/optimizer.h"
#include "compiler/ops/rules.h"
#include "compiler/passes/pass.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <set>

namespace quantide {

namespace {

/** Training: a value made by `producer` may stay inside the kernel of a `consumer` that reads it. */
struct Fusable {
    const char *producer;
    const char *consumer;
};

/** Any op of the table of optimizers. */
const char *const kOptimizer = "optimizer";

const Fusable kFusable[] = {
    {"dequantize", "batch_norm_train"},
    {"dequantize", "batch_norm_gradient"},
    {"affine_dequantize", "batch_norm_train"},
    {"affine_dequantize", "batch_norm_gradient"},
    {"batch_norm", "quantize_gradient"},
    {"batch_norm", "hardtanh_gradient"},
    {"batch_norm_train", "quantize"},
    {"batch_norm_train", "hardtanh"},
    {"batch_norm_train", "quantize_train"},
    {"quantize_gradient", "batch_norm_gradient"},
    {"hardtanh_gradient", "batch_norm_gradient"},
    {"dense_weight_gradient", kOptimizer},
    {"conv2d_weight_gradient", kOptimizer},
    {kOptimizer, "quantize"},
    {kOptimizer, "quantize_train"},
};

bool is_optimizer(const Node &node) { return find_optimizer(node.op) != nullptr; }

bool matches(const Node &node, const std::string &op) {
    return op == kOptimizer ? is_optimizer(node) : node.op == op;
}

bool is_product(const Node &node) {
    static const std::set<std::string> kOps = {"integer_dense", "dense", "integer_conv2d", "conv2d"};
    return kOps.count(node.op) != 0;
}

/** Elements of a window that a kernel keeps until it has all of them. */
constexpr int64_t kMostPooled = 16;

/** Whether a pooling can follow in the kernel that computes its input. */
bool is_pooled_in_place(const Graph &graph, const Node &node) {
    if (node.op != "max_pool") {
        return false;
    }
    const Window window = check_pool(graph, node);
    return window.tiles() && window.kernel[0] * window.kernel[1] <= kMostPooled;
}

/** What maps elements to elements where they are; a pooling whose windows tile the image goes along. */
bool is_pointwise(const Graph &graph, const Node &node) {
    static const std::set<std::string> kOps = {"affine_codes",   "affine_dequantize",
                                               "affine_numbers", "dequantize",
                                               "recenter",       "add_border",
                                               "threshold",      "flip",
                                               "batch_norm",     "hardtanh",
                                               "relu",           "scale",
                                               "bias",           "add",
                                               "quantize",       "dropout_train",
                                               "quantize_train"};
    return kOps.count(node.op) != 0 || is_pooled_in_place(graph, node);
}

bool is_fusable(const Graph &graph, const Node &producer, const Node &consumer) {
    if ((is_product(producer) || is_pointwise(graph, producer)) && is_pointwise(graph, consumer)) {
        return true;
    }
    return std::any_of(std::begin(kFusable), std::end(kFusable), [&](const Fusable &pair) {
        return matches(producer, pair.producer) && matches(consumer, pair.consumer);
    });
}

bool is_source(const Node &node) {
    return node.op == "input" || node.op == "labels" || node.op == "parameter" || node.op == "scalar" ||
           node.op == "random_key" || node.op == "constant";
}

/** Why a value must be in memory whatever reads it; empty if it need not. */
std::string why_it_leaves(const Graph &graph, ValueId id) {
    if (std::count(graph.outputs.begin(), graph.outputs.end(), id) != 0) {
        return "an output of the graph";
    }
    const bool next = std::any_of(graph.updates.begin(), graph.updates.end(),
                                  [&](const StateUpdate &update) { return update.next == id; });
    return next ? "kept for the next step" : "";
}

/** Why a kernel that computes `consumer` cannot compute what it reads on the way. */
std::string why_not_fusable(const Node &producer, const Node &consumer) {
    static const std::map<std::string, std::string> kReasons = {
        {"batch_norm_train", "the statistics need the whole batch"},
        {"batch_norm_gradient", "its sums need the whole batch"},
        {"range", "it needs the whole tensor"},
        {"max_pool", "windows overlap or are large"},
        {"avg_pool", "a window reads several elements"},
        {"reshape", "elements change places"},
        {"concat", "elements change places"},
        {"slice", "elements change places"},
    };
    if (is_product(consumer) || consumer.op.find("dense_") == 0 || consumer.op.find("conv2d_") == 0) {
        return "a product reads all of its input many times";
    }
    for (const std::string &op : {consumer.op, producer.op}) {
        const auto found = kReasons.find(op);
        if (found != kReasons.end()) {
            return op + ": " + found->second;
        }
    }
    return fmt::format("no kernel has {} and {} in one", producer.op, consumer.op);
}

/** Disjoint sets of nodes, each of which becomes a kernel. */
class Groups {
public:
    explicit Groups(const Graph &graph)
        : graph_(graph),
          group_(graph.nodes.size()),
          members_(graph.nodes.size()),
          after_(graph.nodes.size()) {
        for (size_t i = 0; i < graph.nodes.size(); ++i) {
            group_[i] = i;
            members_[i] = {i};
            for (ValueId output : graph.nodes[i].outputs) {
                const std::vector<int> users = graph.users(output);
                after_[i].insert(after_[i].end(), users.begin(), users.end());
            }
        }
        for (const StateUpdate &update : graph.updates) {
            for (int reader : graph.users(update.state)) {
                after_[static_cast<size_t>(reader)].push_back(graph.value(update.next).node);
            }
        }
    }

    size_t of(size_t node) const { return group_[node]; }

    /** Makes one group of those of some nodes, unless it returns why not. */
    std::string merge(const std::vector<size_t> &nodes) {
        std::set<size_t> merged;
        for (size_t node : nodes) {
            merged.insert(members_[group_[node]].begin(), members_[group_[node]].end());
        }
        const auto count = [&](bool (*is)(const Node &)) {
            return std::count_if(merged.begin(), merged.end(),
                                 [&](size_t node) { return is(graph_.nodes[node]); });
        };
        const auto products = count(is_product);
        if (products > 1) {
            return "one product a kernel";
        }
        // Schedules of several results are those of ops that have several.
        const auto several = count([](const Node &node) { return node.outputs.size() > 1; });
        if ((products == 1 || several == 0) && count_results(merged) > 1) {
            return "one result a kernel";
        }
        if (waits_for_itself(merged)) {
            return "what it reads waits for it";
        }
        for (size_t node : merged) {
            members_[group_[node]].clear();
            group_[node] = *merged.rbegin();
        }
        members_[*merged.rbegin()] = {merged.begin(), merged.end()};
        return "";
    }

private:
    /** How many values of some nodes others read, or must be in memory. */
    int64_t count_results(const std::set<size_t> &nodes) const {
        int64_t results = 0;
        for (size_t node : nodes) {
            for (ValueId id : graph_.nodes[node].outputs) {
                const std::vector<int> users = graph_.users(id);
                const bool read = std::any_of(users.begin(), users.end(), [&](int user) {
                    return nodes.count(static_cast<size_t>(user)) == 0;
                });
                results += read || !why_it_leaves(graph_, id).empty() ? 1 : 0;
            }
        }
        return results;
    }

    /** True if what other groups make of the values of some nodes leads back to these. */
    bool waits_for_itself(const std::set<size_t> &nodes) const {
        std::vector<size_t> open(nodes.begin(), nodes.end());
        std::set<size_t> seen;  // groups outside
        while (!open.empty()) {
            const size_t node = open.back();
            open.pop_back();
            const bool outside = nodes.count(node) == 0;
            for (const int next : after_[node]) {
                const auto reader = static_cast<size_t>(next);
                if (nodes.count(reader) != 0) {
                    if (outside) {
                        return true;
                    }
                } else if (seen.insert(group_[reader]).second) {
                    open.insert(open.end(), members_[group_[reader]].begin(), members_[group_[reader]].end());
                }
            }
        }
        return false;
    }

    const Graph &graph_;
    std::vector<size_t> group_;
    std::vector<std::vector<size_t>> members_;  ///< of each group, by the node that names it
    std::vector<std::vector<int>> after_;       ///< what reads a node's values or replaces a state it reads
};

/** Why the kernel of `consumer` may not swallow the value, empty if it may: every reader must be able to. The
 * new weights of an update leave it anyway and are packed on the way. */
std::string why_apart(const Graph &graph, const Node &producer, ValueId value, const Node &consumer) {
    if (!is_fusable(graph, producer, consumer)) {
        return why_not_fusable(producer, consumer);
    }
    if (is_optimizer(producer)) {
        return graph.value(value).layout == Layout::OutputPanels ? ""
                                                                 : "the new weights do not lie in panels";
    }
    // Only an update of weights in panels walks their gradient tile by tile.
    const bool weight_gradient =
        producer.op == "dense_weight_gradient" || producer.op == "conv2d_weight_gradient";
    if (weight_gradient && (graph.value(consumer.inputs[0]).layout != Layout::OutputPanels ||
                            (producer.has("groups") && producer.integer("groups") != 1))) {
        return "the update does not walk its gradient in panels";
    }
    const std::vector<int> users = graph.users(value);
    if ((is_product(producer) || weight_gradient) && users.size() != 1) {
        return fmt::format("{} ops read it", users.size());
    }
    for (int user : users) {
        const Node &other = graph.nodes[static_cast<size_t>(user)];
        if (!is_fusable(graph, producer, other)) {
            return fmt::format("'{}' reads it, too ({})", other.name, why_not_fusable(producer, other));
        }
    }
    return why_it_leaves(graph, value);
}

struct Fusion {
    Groups groups;
    std::vector<GroupBoundary> boundaries;
};

Fusion decide(const Graph &graph) {
    Fusion fusion{Groups(graph), {}};
    Groups &groups = fusion.groups;
    for (size_t i = 0; i < graph.nodes.size(); ++i) {
        for (ValueId input : graph.nodes[i].inputs) {
            const auto producer = static_cast<size_t>(graph.value(input).node);
            if (is_source(graph.nodes[producer])) {
                continue;
            }
            std::string reason = why_apart(graph, graph.nodes[producer], input, graph.nodes[i]);
            if (reason.empty()) {
                const std::vector<int> users = graph.users(input);
                std::vector<size_t> nodes(users.begin(), users.end());
                nodes.push_back(producer);
                reason = groups.merge(nodes);
            }
            if (!reason.empty()) {
                fusion.boundaries.push_back({input, static_cast<int>(i), reason});
            }
        }
    }
    // Some that were apart have come together by another value.
    std::erase_if(fusion.boundaries, [&](const GroupBoundary &boundary) {
        return groups.of(static_cast<size_t>(graph.value(boundary.value).node)) ==
               groups.of(static_cast<size_t>(boundary.consumer));
    });
    return fusion;
}

}  // namespace

std::vector<GroupBoundary> group_boundaries(const Graph &graph) { return decide(graph).boundaries; }

Graph fuse(const Graph &graph, const PassOptions &) {
    const Groups groups = decide(graph).groups;
    Graph result = graph;
    std::map<size_t, int> number;
    for (size_t i = 0; i < result.nodes.size(); ++i) {
        if (!is_source(result.nodes[i])) {
            result.nodes[i].group =
                number.emplace(groups.of(i), static_cast<int>(number.size())).first->second;
        }
    }
    return result;
}

}  // namespace quantide
