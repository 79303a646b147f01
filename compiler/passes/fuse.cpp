#include "compiler/passes/pass.h"

#include <numeric>

namespace quantide {

namespace {

/** A value made by `producer` may stay inside the kernel of a `consumer` that reads it. */
struct Fusable {
    const char *producer;
    const char *consumer;
};

const Fusable kFusable[] = {
    {"integer_dense", "dequantize"},
    {"integer_dense", "threshold"},
    {"dense", "batch_norm"},
    {"dense", "hardtanh"},
    {"dense", "quantize"},
    {"dequantize", "batch_norm"},
    {"dequantize", "hardtanh"},
    {"dequantize", "quantize"},
    {"dequantize", "batch_norm_train"},
    {"dequantize", "batch_norm_gradient"},
    {"batch_norm", "quantize"},
    {"batch_norm", "hardtanh"},
    {"batch_norm", "quantize_gradient"},
    {"batch_norm", "hardtanh_gradient"},
    {"hardtanh", "quantize"},
    {"batch_norm_train", "quantize"},
    {"batch_norm_train", "hardtanh"},
    {"quantize_gradient", "batch_norm_gradient"},
    {"hardtanh_gradient", "batch_norm_gradient"},
    {"dense_weight_gradient", "adam"},
    {"dense_weight_gradient", "sgd"},
    {"adam", "quantize"},
    {"sgd", "quantize"},
};

bool is_fusable(const Node &producer, const Node &consumer) {
    for (const Fusable &pair : kFusable) {
        if (producer.op == pair.producer && consumer.op == pair.consumer) {
            return true;
        }
    }
    return false;
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
    explicit Groups(size_t nodes) : parent_(nodes) { std::iota(parent_.begin(), parent_.end(), size_t{0}); }
    size_t find(size_t i) const { return parent_[i] == i ? i : find(parent_[i]); }
    void merge(size_t a, size_t b) { parent_[find(a)] = find(b); }

private:
    std::vector<size_t> parent_;
};

/** Whether the kernel of `consumer` may swallow the value: every reader must be able to. The new weights of
 * an update leave it anyway and are packed on the way. */
bool can_merge(const Graph &graph, const Node &producer, ValueId value, const Node &consumer) {
    if (!is_fusable(producer, consumer)) {
        return false;
    }
    if (producer.op == "adam" || producer.op == "sgd") {
        return true;
    }
    // Only a latent weight's update walks its gradient tile by tile.
    if (producer.op == "dense_weight_gradient" &&
        graph.value(consumer.inputs[0]).layout != Layout::OutputPanels) {
        return false;
    }
    const std::vector<int> users = graph.users(value);
    const bool product =
        producer.op == "integer_dense" || producer.op == "dense" || producer.op == "dense_weight_gradient";
    if (product && users.size() != 1) {
        return false;  // made once, read by several kernels
    }
    for (int user : users) {
        if (!is_fusable(producer, graph.nodes[static_cast<size_t>(user)])) {
            return false;
        }
    }
    return !leaves(graph, value);
}

}  // namespace

Graph fuse(const Graph &graph, const PassOptions &) {
    Groups groups(graph.nodes.size());
    for (size_t i = 0; i < graph.nodes.size(); ++i) {
        for (ValueId input : graph.nodes[i].inputs) {
            const size_t producer = static_cast<size_t>(graph.value(input).node);
            if (can_merge(graph, graph.nodes[producer], input, graph.nodes[i])) {
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
