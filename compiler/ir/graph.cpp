#include "compiler/ir/graph.h"

#include "compiler/ops/op.h"

namespace quantide {

namespace {

template<typename T>
const T &attribute(const Node &node, const std::string &key) {
    auto it = node.attributes.find(key);
    internal_check(it != node.attributes.end(), "{} '{}': no attribute '{}'", node.op, node.name, key);
    const T *value = std::get_if<T>(&it->second);
    internal_check(value != nullptr, "{} '{}': attribute '{}' has another type", node.op, node.name, key);
    return *value;
}

}  // namespace

int64_t Node::integer(const std::string &key) const { return attribute<int64_t>(*this, key); }

double Node::real(const std::string &key) const { return attribute<double>(*this, key); }

const std::string &Node::text(const std::string &key) const { return attribute<std::string>(*this, key); }

const Shape &Node::extents(const std::string &key) const { return attribute<Shape>(*this, key); }

std::vector<ValueId> Graph::add(const std::string &op, const std::string &layer, std::vector<ValueId> inputs,
                                Attributes attributes) {
    Node node{.op = op,
              .name = layer,
              .inputs = std::move(inputs),
              .outputs = {},
              .attributes = std::move(attributes)};
    for (ValueId input : node.inputs) {
        internal_check(input >= 0 && input < static_cast<ValueId>(values.size()),
                       "{} '{}': input {} does not exist", op, layer, input);
    }
    for (Value &output : find_op(op).infer(*this, node)) {
        output.node = static_cast<int>(nodes.size());
        std::string unique = output.name;
        for (int copy = 2; find(unique) >= 0; ++copy) {
            unique = fmt::format("{}_{}", output.name, copy);
        }
        output.name = unique;
        node.outputs.push_back(static_cast<ValueId>(values.size()));
        values.push_back(std::move(output));
    }
    nodes.push_back(node);
    return node.outputs;
}

ValueId Graph::add_one(const std::string &op, const std::string &layer, std::vector<ValueId> inputs,
                       Attributes attributes) {
    const std::vector<ValueId> ids = add(op, layer, std::move(inputs), std::move(attributes));
    internal_check(ids.size() == 1, "{} '{}' has {} outputs, not one", op, layer, ids.size());
    return ids[0];
}

ValueId Graph::add_constant(const std::string &layer, Array array, Encoding encoding) {
    const ValueId id = static_cast<ValueId>(values.size());
    nodes.push_back({.op = "constant", .name = layer, .inputs = {}, .outputs = {id}, .attributes = {}});
    std::string unique = layer;
    for (int copy = 2; find(unique) >= 0; ++copy) {
        unique = fmt::format("{}_{}", layer, copy);
    }
    values.push_back({.name = unique,
                      .shape = array.shape,
                      .type = array.type,
                      .encoding = std::move(encoding),
                      .layout = array.layout,
                      .node = static_cast<int>(nodes.size()) - 1});
    constants[id] = std::make_shared<const Array>(std::move(array));
    return id;
}

std::vector<int> Graph::users(ValueId id) const {
    std::vector<int> result;
    for (size_t i = 0; i < nodes.size(); ++i) {
        for (ValueId input : nodes[i].inputs) {
            if (input == id) {
                result.push_back(static_cast<int>(i));
                break;
            }
        }
    }
    return result;
}

ValueId Graph::find(const std::string &wanted) const {
    for (size_t i = 0; i < values.size(); ++i) {
        if (values[i].name == wanted) {
            return static_cast<ValueId>(i);
        }
    }
    return -1;
}

}  // namespace quantide
