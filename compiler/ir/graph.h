#pragma once
#include "compiler/ir/array.h"

#include <map>
#include <memory>
#include <variant>

namespace quantide {

/** Index of a value in Graph::values. */
using ValueId = int;

/** What an op is told beside its inputs: an integer, a real number, a name, extents (strides, ...). */
using Attribute = std::variant<int64_t, double, std::string, Shape>;
using Attributes = std::map<std::string, Attribute>;

/** One tensor that flows through the graph. */
struct Value {
    std::string name;
    Shape shape;
    ElementType type = Float(32);
    Encoding encoding;
    Layout layout = Layout::Logical;
    int node = -1;  ///< index of the node that makes it
    bool operator==(const Value &) const = default;
};

/** One application of an op (see compiler/ops/op.h). */
struct Node {
    std::string op;
    std::string name;  ///< the layer's name, for messages and reports
    std::vector<ValueId> inputs;
    std::vector<ValueId> outputs;
    Attributes attributes;
    int group = -1;  ///< fusion group, assigned by the pass `fuse`
    bool operator==(const Node &) const = default;

    int64_t integer(const std::string &key) const;
    double real(const std::string &key) const;
    const std::string &text(const std::string &key) const;
    const Shape &extents(const std::string &key) const;
    bool has(const std::string &key) const { return attributes.count(key) != 0; }
};

/** A value that outlives a step (a parameter, a moment, a running statistic) and the value that
 * replaces it at the step's end. They share memory. */
struct StateUpdate {
    ValueId state;
    ValueId next;
    bool operator==(const StateUpdate &) const = default;
};

/** A network, or what the passes made of it: nodes in an order in which every value is made before it
 * is used. Passes take a graph and return another. */
struct Graph {
    std::string name;
    std::vector<Value> values;
    std::vector<Node> nodes;
    std::vector<ValueId> outputs;
    std::vector<StateUpdate> updates;
    /** The numbers of `constant` nodes, by value. Not part of the printed text. */
    std::map<ValueId, std::shared_ptr<const Array>> constants;

    /** Appends a node; its outputs get the shapes and types that the op's rule gives.
     * Throws CompileError naming the layer when the rule refuses the inputs. */
    std::vector<ValueId> add(const std::string &op, const std::string &name, std::vector<ValueId> inputs,
                             Attributes attributes = {});
    /** The same for an op of one output. */
    ValueId add_one(const std::string &op, const std::string &name, std::vector<ValueId> inputs,
                    Attributes attributes = {});
    /** Appends a `constant` node that holds `array`. */
    ValueId add_constant(const std::string &name, Array array, Encoding encoding = {});

    const Value &value(ValueId id) const { return values.at(static_cast<size_t>(id)); }
    Value &value(ValueId id) { return values.at(static_cast<size_t>(id)); }
    const Node &producer(ValueId id) const { return nodes.at(static_cast<size_t>(value(id).node)); }
    /** Indices of the nodes that read a value. */
    std::vector<int> users(ValueId id) const;
    /** The value of that name; -1 if there is none. */
    ValueId find(const std::string &name) const;
};

/** The graph as text that parse() reads back; constants' numbers are left out. */
std::string print(const Graph &graph);

/** Reads what print() wrote. Throws CompileError with the line number. */
Graph parse(const std::string &text);

/** Checks every invariant of a graph (order, names, shapes against the ops' rules, encodings, outputs).
 * Throws InternalError, with `after` (a pass's name) in the message. */
void verify(const Graph &graph, const std::string &after);

}  // namespace quantide
