#include "compiler/ops/affine.h"
#include "compiler/passes/pass.h"
#include "compiler/passes/rewriter.h"
#include "compiler/quantizers/quantizer.h"

#include <algorithm>
#include <cmath>

namespace quantide {

namespace {

/** The numbers of a parameter, checked. */
const Array &numbers_of(const Graph &graph, const Value &value, const Arrays &parameters) {
    const auto found = parameters.find(value.name);
    user_check(found != parameters.end(), "network '{}': expected a parameter '{}', found none", graph.name,
               value.name);
    const Array &array = found->second;
    user_check(array.shape == value.shape && array.type == value.type && array.layout == Layout::Logical,
               "network '{}': expected '{}' to be {}{}, found {}{}", graph.name, value.name,
               to_string(value.type), to_string(value.shape), to_string(array.type), to_string(array.shape));
    return array;
}

/** The node, with the quantizer that a deployed network has in its place and without what backward alone
 * does. */
void copy_deployed(Rewriter &rewriter, const Node &node) {
    Node deployed = node;
    deployed.attributes.erase("gradients");
    if (node.op == "quantize") {
        deployed.attributes["quantizer"] = find_quantizer(node.text("quantizer")).deployed().text();
    }
    deployed.attributes.erase("weight_gradient_inputs");
    rewriter.copy(deployed);
}

/** A range must have a step that is a number. */
void check_ranges(const Graph &graph, const Node &node, const Array &range) {
    const Value &x = graph.value(node.inputs[0]);
    const bool learned = node.has("momentum");
    const std::string layer =
        learned ? fmt::format("quantize '{}'", node.name) : fmt::format("the affine codes of '{}'", x.name);
    const char *cause = learned ? "training measures it, and a checkpoint must have what it found"
                                : "weights that are all equal, infinite or NaN have none; sign() takes any";
    const auto ends = range.floats();
    const size_t rows = ends.size() / 2;
    for (size_t row = 0; row < rows; ++row) {
        const float min = ends[row], max = ends[rows + row];
        const AffineRange steps = affine_range(min, max, static_cast<int>(node.integer("bits")));
        user_check(std::isfinite(min) && std::isfinite(max) && std::isfinite(steps.step) && steps.step > 0,
                   "{} of network '{}': expected a range of finite numbers with a step above 0, found {} to "
                   "{}{} ({})",
                   layer, graph.name, min, max, rows == 1 ? "" : fmt::format(" of output {}", row), cause);
    }
}

bool is_quantized_only(const Graph &graph, ValueId parameter) {
    const std::vector<int> users = graph.users(parameter);
    return std::all_of(users.begin(), users.end(),
                       [&](int user) { return graph.nodes[static_cast<size_t>(user)].op == "quantize"; });
}

}  // namespace

// A latent weight becomes its codes at once: its float32 numbers, most of a checkpoint, are not copied.
Graph freeze(const Graph &graph, const PassOptions &options) {
    internal_check(options.parameters != nullptr, "freeze without parameters");
    Rewriter rewriter(graph);
    std::map<ValueId, const Array *> parameters;
    for (const Node &node : graph.nodes) {
        if (node.op == "parameter") {
            const ValueId id = node.outputs[0];
            const Array &array = numbers_of(graph, graph.value(id), *options.parameters);
            parameters[id] = &array;
            if (!is_quantized_only(graph, id)) {
                rewriter.replace(id, rewriter.to.add_constant(graph.value(id).name, array));
            }
            continue;
        }
        if (node.op == "dropout" || node.op == "quantize_in_training") {
            rewriter.replace(node.outputs[0], rewriter.at(node.inputs[0]));
            continue;
        }
        if (node.op == "affine_codes") {
            check_ranges(graph, node, *rewriter.to.constants.at(rewriter.at(node.inputs[1])));
        }
        if (const auto of = node.inputs.size() == 1 ? parameters.find(node.inputs[0]) : parameters.end();
            of != parameters.end() && (node.op == "range" || node.op == "row_range")) {
            rewriter.replace(
                node.outputs[0],
                rewriter.to.add_constant(node.name, std::move(interpret_node(graph, node, {of->second})[0])));
            continue;
        }
        const auto latent = node.op == "quantize" ? parameters.find(node.inputs[0]) : parameters.end();
        if (latent == parameters.end()) {
            copy_deployed(rewriter, node);
            continue;
        }
        const Value &codes = graph.value(node.outputs[0]);
        rewriter.replace(
            node.outputs[0],
            rewriter.to.add_constant(codes.name, std::move(interpret_node(graph, node, {latent->second})[0]),
                                     codes.encoding));
    }
    return rewriter.finish();
}

}  // namespace quantide
