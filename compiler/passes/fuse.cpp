#include "compiler/ops/rules.h"
#include "compiler/passes/pass.h"

#include <algorithm>
#include <numeric>
#include <set>

namespace quantide {

namespace {

/** Training: a value made by `producer` may stay inside the kernel of a `consumer` that reads it. */
struct Fusable {
    const char *producer;
    const char *consumer;
};

const Fusable kFusable[] = {
    {"dequantize", "batch_norm_train"},
    {"dequantize", "batch_norm_gradient"},
    {"batch_norm", "quantize_gradient"},
    {"batch_norm", "hardtanh_gradient"},
    {"batch_norm_train", "quantize"},
    {"batch_norm_train", "hardtanh"},
    {"quantize_gradient", "batch_norm_gradient"},
    {"hardtanh_gradient", "batch_norm_gradient"},
    {"dense_weight_gradient", "adam"},
    {"dense_weight_gradient", "sgd"},
    {"adam", "quantize"},
    {"sgd", "quantize"},
};

bool is_product(const Node &node) {
    static const std::set<std::string> kOps = {"integer_dense", "dense", "integer_conv2d", "conv2d"};
    return kOps.count(node.op) != 0;
}

/** What maps elements to elements where they are; a pooling whose windows tile the image goes along. */
bool is_pointwise(const Graph &graph, const Node &node) {
    static const std::set<std::string> kOps = {"dequantize", "add_border", "threshold", "flip",
                                               "batch_norm", "hardtanh",   "relu",      "scale",
                                               "bias",       "add",        "quantize"};
    return kOps.count(node.op) != 0 || (node.op == "max_pool" && check_pool(graph, node).tiles());
}

bool is_fusable(const Graph &graph, const Node &producer, const Node &consumer) {
    if ((is_product(producer) || is_pointwise(graph, producer)) && is_pointwise(graph, consumer)) {
        return true;
    }
    return std::any_of(std::begin(kFusable), std::end(kFusable), [&](const Fusable &pair) {
        return producer.op == pair.producer && consumer.op == pair.consumer;
    });
}

bool is_source(const Node &node) {
    return node.op == "input" || node.op == "labels" || node.op == "parameter" || node.op == "scalar" ||
           node.op == "constant";
}

bool leaves(const Graph &graph, ValueId id) {
    for (ValueId output : graph.outputs) {
        if (output == id) {
            return true;
        }
    }
    for (const StateUpdate &update : graph.updates) {
        if (update.next == id) {
            return true;
        }
    }
    return false;
}

/** Disjoint sets of nodes. */
class Groups {
public:
    explicit Groups(size_t nodes) : parent_(nodes), products_(nodes) {
        std::iota(parent_.begin(), parent_.end(), size_t{0});
    }
    size_t find(size_t i) const { return parent_[i] == i ? i : find(parent_[i]); }
    void merge(size_t a, size_t b) {
        a = find(a);
        b = find(b);
        if (a != b) {
            parent_[a] = b;
            products_[b] += products_[a];
        }
    }
    /** A group has one product. */
    void count_product(size_t i) { ++products_[i]; }
    bool may_merge(size_t a, size_t b) const {
        return find(a) == find(b) || products_[find(a)] + products_[find(b)] <= 1;
    }

private:
    std::vector<size_t> parent_;
    std::vector<int> products_;
};

/** Whether the kernel of `consumer` may swallow the value: every reader must be able to. The new weights of
 * an update leave it anyway and are packed on the way. */
bool can_merge(const Graph &graph, const Node &producer, ValueId value, const Node &consumer) {
    if (!is_fusable(graph, producer, consumer)) {
        return false;
    }
    if (producer.op == "adam" || producer.op == "sgd") {
        return graph.value(value).layout == Layout::OutputPanels;
    }
    // Only a latent weight's update walks its gradient tile by tile.
    if (producer.op == "dense_weight_gradient" &&
        graph.value(consumer.inputs[0]).layout != Layout::OutputPanels) {
        return false;
    }
    const std::vector<int> users = graph.users(value);
    // Made once, read by several kernels.
    const bool kept = is_product(producer) || producer.op == "dense_weight_gradient" ||
                      producer.op == "add" || producer.op == "add_border" || producer.op == "max_pool" ||
                      consumer.op == "add";
    if (kept && users.size() != 1) {
        return false;
    }
    for (int user : users) {
        if (!is_fusable(graph, producer, graph.nodes[static_cast<size_t>(user)])) {
            return false;
        }
    }
    return !leaves(graph, value);
}

}  // namespace

Graph fuse(const Graph &graph, const PassOptions &) {
    Groups groups(graph.nodes.size());
    for (size_t i = 0; i < graph.nodes.size(); ++i) {
        if (is_product(graph.nodes[i])) {
            groups.count_product(i);
        }
    }
    for (size_t i = 0; i < graph.nodes.size(); ++i) {
        for (ValueId input : graph.nodes[i].inputs) {
            const size_t producer = static_cast<size_t>(graph.value(input).node);
            if (can_merge(graph, graph.nodes[producer], input, graph.nodes[i]) &&
                groups.may_merge(producer, i)) {
                groups.merge(producer, i);
            }
        }
    }
    Graph result = graph;
    std::map<size_t, int> number;
    for (size_t i = 0; i < result.nodes.size(); ++i) {
        if (!is_source(result.nodes[i])) {
            result.nodes[i].group =
                number.emplace(groups.find(i), static_cast<int>(number.size())).first->second;
        }
    }
    return result;
}

}  // namespace quantide
