#include "compiler/interpret/interpret.h"

#include "compiler/interpret/interpret_op.h"

namespace quantide {

namespace {

const std::map<std::string, void (*)(Interpretation &)> kInterpreters = {
#define OP(name) {#name, interpret_##name},
#include "compiler/ops/ops.inc"
#undef OP
};

bool is_bound(const Node &node) {
    return node.op == "input" || node.op == "labels" || node.op == "parameter" || node.op == "scalar" ||
           node.op == "random_key";
}

/** The extents of a value with the batch filled in. */
Shape at_batch(Shape shape, int64_t batch) {
    for (int64_t &extent : shape) {
        extent = extent == kBatch ? batch : extent;
    }
    return shape;
}

int64_t find_batch(const Graph &graph, const Arrays &bindings) {
    int64_t batch = 0;
    for (const Value &value : graph.values) {
        auto bound = bindings.find(value.name);
        if (bound == bindings.end() || value.shape.empty() || value.shape[0] != kBatch) {
            continue;
        }
        user_check(!bound->second.shape.empty(), "'{}': expected a batch, found a scalar", value.name);
        const int64_t rows = bound->second.shape[0];
        user_check(batch == 0 || batch == rows, "'{}': expected a batch of {} rows, found {}", value.name,
                   batch, rows);
        batch = rows;
    }
    return batch == 0 ? 1 : batch;
}

}  // namespace

std::map<ValueId, Array> interpret(const Graph &graph, const Arrays &bindings) {
    const int64_t batch = find_batch(graph, bindings);
    std::map<ValueId, Array> values;
    for (const Node &node : graph.nodes) {
        if (node.op == "constant") {
            values[node.outputs[0]] = to_layout(*graph.constants.at(node.outputs[0]), Layout::Logical);
            continue;
        }
        if (is_bound(node)) {
            const Value &value = graph.value(node.outputs[0]);
            auto bound = bindings.find(value.name);
            user_check(bound != bindings.end(), "'{}': expected a value for it, found none", value.name);
            const Shape expected = at_batch(value.shape, batch);
            user_check(bound->second.shape == expected && bound->second.type == value.type,
                       "'{}': expected {}{}, found {}{}", value.name, to_string(value.type),
                       to_string(expected), to_string(bound->second.type), to_string(bound->second.shape));
            values[node.outputs[0]] = to_layout(bound->second, Layout::Logical);
            continue;
        }
        std::vector<const Array *> inputs;
        for (ValueId input : node.inputs) {
            inputs.push_back(&values.at(input));
        }
        std::vector<Array> outputs = interpret_node(graph, node, inputs, batch);
        for (size_t i = 0; i < node.outputs.size(); ++i) {
            values[node.outputs[i]] = std::move(outputs[i]);
        }
    }
    return values;
}

std::vector<Array> interpret_node(const Graph &graph, const Node &node,
                                  const std::vector<const Array *> &inputs, int64_t batch) {
    Interpretation op{.graph = graph, .node = node, .inputs = inputs, .outputs = {}};
    for (ValueId output : node.outputs) {
        op.outputs.emplace_back(graph.value(output).type, at_batch(graph.value(output).shape, batch));
    }
    kInterpreters.at(node.op)(op);
    return std::move(op.outputs);
}

std::vector<Array> interpret_outputs(const Graph &graph, const Arrays &bindings) {
    std::map<ValueId, Array> values = interpret(graph, bindings);
    std::vector<Array> outputs;
    for (ValueId output : graph.outputs) {
        outputs.push_back(std::move(values.at(output)));
    }
    return outputs;
}

}  // namespace quantide
