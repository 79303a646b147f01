#pragma once
#include "compiler/ir/graph.h"

namespace quantide {

/** Builds a new graph from an old one, node by node. */
class Rewriter {
public:
    explicit Rewriter(const Graph &from);

    Graph to;

    /** The new value that stands for an old one. */
    ValueId at(ValueId old) const;
    /** From now on `fresh` stands for `old`. */
    void replace(ValueId old, ValueId fresh);
    /** Copies a node with its operands replaced; values keep name, layout and numbers. */
    void copy(const Node &node);
    /** Copies a node of one output under another layer's name, reading the new values `inputs`. */
    ValueId clone(const Node &node, const std::string &name, std::vector<ValueId> inputs);
    /** Carries outputs and updates over, drops what nothing uses, and returns the new graph. */
    Graph finish();

private:
    const Graph &from_;
    std::map<ValueId, ValueId> map_;
};

/** Without the nodes that neither an output nor an update needs. Inputs and labels stay. */
Graph remove_dead(const Graph &graph);

}  // namespace quantide
