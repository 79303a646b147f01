#include "compiler/lower/program.h"

#include "compiler/base/integers.h"
#include "compiler/lower/group_lowering.h"
#include "compiler/ops/rules.h"

#include <algorithm>
#include <set>

namespace quantide {

namespace {

/** The buffer of a value's memory, as its layout says. */
Buffer memory_of(const Value &value) {
    Storage storage = storage_of(value.shape, value.type, value.layout);
    return {.space = Space::Scratch, .type = storage.type, .extents = std::move(storage.extents)};
}

bool is_product(const std::string &op) {
    static const std::set<std::string> kOps = {"integer_dense",         "dense",
                                               "integer_conv2d",        "conv2d",
                                               "dense_input_gradient",  "dense_weight_gradient",
                                               "conv2d_input_gradient", "conv2d_weight_gradient"};
    return kOps.count(op) != 0;
}

/** Multiply-adds a row of a product, as operations: those of the forward product, whose gradients have as
 * many. */
int64_t operations_of(const Graph &graph, const Node &node) {
    const auto features = [&](ValueId id) {
        return element_count(features_of(graph.value(id)), 1, node.name);
    };
    if (node.op == "dense_weight_gradient" || node.op == "dense_input_gradient") {
        return 2 * features(node.inputs[0]) * features(node.inputs[1]);
    }
    // Each output, or gradient of one, meets all weights of its channel.
    const bool forward = node.op == "integer_conv2d" || node.op == "conv2d" || node.op == "integer_dense" ||
                         node.op == "dense";
    const ValueId weights = node.op == "conv2d_weight_gradient" ? node.outputs[0] : node.inputs[1];
    return 2 * features(weights) * features(forward ? node.outputs[0] : node.inputs[0]);
}

/** Where the values of a program lie. */
class Memory {
public:
    explicit Memory(Program &program) : program_(program), graph_(program.graph) {
        for (const Node &node : graph_.nodes) {
            if (node.op == "input" || node.op == "labels") {
                place(node.outputs[0], Space::Input, program.inputs);
            } else if (node.op == "constant") {
                place(node.outputs[0], Space::Constant, program.constants);
            } else if (node.op == "parameter" || node.op == "scalar" || node.op == "random_key") {
                place(node.outputs[0], Space::State, program.states);
            }
        }
        for (ValueId output : graph_.outputs) {
            place(output, Space::Output, program.outputs);
        }
        for (const StateUpdate &update : graph_.updates) {
            buffers_[update.next] = buffers_.at(update.state);
        }
    }

    const Buffer &buffer(ValueId id) const { return buffers_.at(id); }

    /** First fit over the lives [definition, last use] of the values that steps pass on. */
    void plan(const std::vector<GroupOperands> &steps) {
        struct Life {
            ValueId id;
            size_t begin, end;
            int64_t bytes;
        };
        std::map<ValueId, Life> lives;
        for (size_t step = 0; step < steps.size(); ++step) {
            for (ValueId id : steps[step].outputs) {
                if (buffers_.count(id) == 0) {
                    lives[id] = {id, step, step, bytes_of(graph_.value(id))};
                }
            }
            for (ValueId id : steps[step].inputs) {
                auto life = lives.find(id);
                if (life != lives.end()) {
                    life->second.end = step;
                } else {
                    internal_check(buffers_.count(id) != 0, "'{}' is read before it is made",
                                   graph_.value(id).name);
                }
            }
        }
        for (size_t step = 0; step < steps.size(); ++step) {
            int64_t alive = 0;
            for (const auto &[id, life] : lives) {
                alive += life.begin <= step && step <= life.end ? life.bytes : 0;
            }
            if (alive > program_.peak_bytes_per_image) {
                program_.peak_bytes_per_image = alive;
                program_.peak_step = static_cast<int>(step);
            }
        }
        std::vector<const Life *> order;
        for (const auto &[id, life] : lives) {
            order.push_back(&life);
        }
        std::sort(order.begin(), order.end(),
                  [](const Life *a, const Life *b) { return a->bytes > b->bytes; });
        std::vector<const Life *> placed;
        for (const Life *life : order) {
            int64_t offset = 0;
            for (bool moved = true; moved;) {
                moved = false;
                for (const Life *other : placed) {
                    const int64_t at = buffers_.at(other->id).offset;
                    const bool together = life->begin <= other->end && other->begin <= life->end;
                    if (together && offset < at + other->bytes && at < offset + life->bytes) {
                        offset = at + other->bytes;
                        moved = true;
                    }
                }
            }
            placed.push_back(life);
            Buffer buffer = memory_of(graph_.value(life->id));
            buffer.index = life->id;
            buffer.offset = offset;
            buffers_[life->id] = buffer;
            program_.scratch_bytes_per_image =
                std::max(program_.scratch_bytes_per_image, offset + life->bytes);
        }
    }

private:
    void place(ValueId id, Space space, std::vector<ValueId> &list) {
        Buffer buffer = memory_of(graph_.value(id));
        buffer.space = space;
        buffer.index = static_cast<int>(list.size());
        list.push_back(id);
        buffers_[id] = buffer;
    }

    /** Bytes an image, or in all where the batch is a number; every buffer starts on 64 bytes. */
    static int64_t bytes_of(const Value &value) {
        return round_up(byte_count(value.shape, value.type, value.layout, 1), 64);
    }

    Program &program_;
    const Graph &graph_;
    std::map<ValueId, Buffer> buffers_;
};

/** Groups in an order in which every value is made before it is read, and every state is read before it is
 * replaced; of those that could be next, the one that was written first. */
std::vector<int> group_order(const Graph &graph) {
    std::map<int, std::set<int>> before;
    const auto group_of = [&](ValueId id) { return graph.producer(id).group; };
    const auto precede = [&](int first, int second) {
        if (first >= 0 && second >= 0 && first != second) {
            before[second].insert(first);
        }
    };
    for (const Node &node : graph.nodes) {
        if (node.group >= 0) {
            before[node.group];
        }
        for (ValueId input : node.inputs) {
            precede(group_of(input), node.group);
        }
    }
    for (const StateUpdate &update : graph.updates) {
        for (int reader : graph.users(update.state)) {
            precede(graph.nodes[static_cast<size_t>(reader)].group, group_of(update.next));
        }
    }
    std::vector<int> order;
    while (!before.empty()) {
        const auto next = std::find_if(before.begin(), before.end(),
                                       [](const auto &group) { return group.second.empty(); });
        internal_check(next != before.end(), "the fusion groups of '{}' wait for each other", graph.name);
        const int group = next->first;
        order.push_back(group);
        before.erase(next);
        for (auto &[other, waits] : before) {
            waits.erase(group);
        }
    }
    return order;
}

Step make_step(const Graph &graph, int group) {
    Step step;
    for (const Node &node : graph.nodes) {
        if (node.group != group) {
            continue;
        }
        if (step.layer.empty()) {
            step.layer = node.name.substr(0, node.name.find(".product"));
        }
        if (!is_product(node.op)) {
            continue;
        }
        step.operations += operations_of(graph, node);
        if (node.op != "dense_weight_gradient" && node.op != "conv2d_weight_gradient") {
            const Value &w = graph.value(node.inputs[1]);
            step.weight_bytes += byte_count(w.shape, w.type, w.layout, 1);
            step.weight_bytes_float += element_count(w.shape, 1, w.name) * 4;
        }
    }
    return step;
}

}  // namespace

Program make_program(const Graph &graph) {
    Program program;
    program.graph = graph;
    Memory memory(program);
    std::vector<GroupOperands> operands;
    for (int group : group_order(graph)) {
        operands.push_back(group_operands(graph, group));
        Step step = make_step(graph, group);
        step.kernel = static_cast<int>(program.groups.size());
        program.groups.push_back(group);
        program.steps.push_back(std::move(step));
    }
    memory.plan(operands);
    for (size_t i = 0; i < operands.size(); ++i) {
        for (const auto *ids : {&operands[i].inputs, &operands[i].outputs}) {
            for (ValueId id : *ids) {
                program.steps[i].operands.push_back(memory.buffer(id));
            }
        }
    }
    return program;
}

}  // namespace quantide
