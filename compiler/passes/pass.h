#pragma once
#include "compiler/interpret/interpret.h"

#include <functional>
#include <span>

namespace quantide {

/** What passes are told beside the graph. */
struct PassOptions {
    /** Deployment: the numbers of the parameters, by name, in logical layout. */
    const Arrays *parameters = nullptr;
    /** Training: the loss and the optimizer, rows of the op table; the optimizer's settings. */
    std::string loss = {};
    std::string optimizer = {};
    Attributes optimizer_attributes = {};
    /** Training: rows of a step. */
    int64_t batch = 0;
};

/** One row of a pipeline: a graph in, a graph out. */
struct Pass {
    const char *name;
    const char *summary;
    Graph (*run)(const Graph &, const PassOptions &);
};

/** From a network to what a library computes. */
std::span<const Pass> deployment_passes();

/** From a network to one training step. */
std::span<const Pass> training_passes();

/** Runs passes in order, verifying after each. `observe`, if given, sees the graph after each pass; it
 * returns false to stop there. */
Graph run_passes(Graph graph, std::span<const Pass> passes, const PassOptions &options,
                 const std::function<bool(const Pass &, const Graph &)> &observe = nullptr);

/** The same network with every number in float32 and each quantizer's smooth stand-in as activation: what
 * benchmarks compare with. The parameters keep their names and shapes. */
Graph as_float32(const Graph &network);

/** A value that one fusion group makes and another reads. */
struct GroupBoundary {
    ValueId value = -1;
    int consumer = -1;   ///< index of the node that reads it
    std::string reason;  ///< why its group could not take the value in: "one product a kernel"
};

/** What the pass `fuse` left apart, in the order in which it is read, and why. */
std::vector<GroupBoundary> group_boundaries(const Graph &graph);

#define PASS(name) Graph name(const Graph &graph, const PassOptions &options);
/** Parameters become constants (those that are quantized, codes), and every op takes its deployed behaviour.
 */
PASS(freeze)
/** Adds the loss, the gradients by the ops' rules, the optimizer's updates and the running statistics. */
PASS(differentiate)
/** The gradient that an annotated layer's products read becomes codes of its format: its range, then numbers
 * drawn with the step's key where the format says so. Both products read the same codes, unless the format
 * has another for the weights. */
PASS(quantize_gradients)
/** Gives the batch its number. */
PASS(fix_batch)
/** A layer of two encoded operands becomes an exact integer product and dequantize. */
PASS(integer_products)
/** A dense layer of flattened images reads them as they lie. */
PASS(absorb_reshape)
/** Nodes of constants become constants; what nothing uses goes. */
PASS(fold_constants)
/** What leads from an integer product to a sign becomes an integer threshold per channel. */
PASS(fold_thresholds)
/** Backward recomputes what is cheap to compute and dear to keep. */
PASS(rematerialize)
/** Decides how every value lies in memory. */
PASS(assign_layouts)
/** Puts nodes that become one kernel into one group. */
PASS(fuse)
#undef PASS

}  // namespace quantide
