#include "compiler/passes/pass.h"
#include "compiler/passes/rewriter.h"
#include "compiler/quantizers/quantizer.h"

namespace quantide {

Graph as_float32(const Graph &network) {
    Rewriter rewriter(network);
    for (const Node &node : network.nodes) {
        if (node.op == "input") {
            const ValueId x = rewriter.to.add_one("input", node.name, {},
                                                  {{"shape", node.extents("shape")}, {"bits", int64_t{32}}});
            rewriter.replace(node.outputs[0], x);
        } else if (node.op == "quantize" || node.op == "quantize_in_training") {
            const ValueId x = rewriter.at(node.inputs[0]);
            const char *activation = find_quantizer(node.text("quantizer")).def->float_activation;
            const bool kept = activation == nullptr || rewriter.to.producer(x).op == "parameter";
            rewriter.replace(node.outputs[0], kept ? x : rewriter.to.add_one(activation, node.name, {x}));
        } else if (node.op == "affine_codes" || node.op == "affine_numbers") {
            rewriter.replace(node.outputs[0], rewriter.at(node.inputs[0]));
        } else if (node.has("ranges")) {
            Node product = node;
            product.attributes.erase("ranges");
            rewriter.replace(node.outputs[0],
                             rewriter.clone(product, node.name,
                                            {rewriter.at(node.inputs[0]), rewriter.at(node.inputs[1])}));
        } else if (node.op == "parameter") {
            rewriter.copy(node);
        } else {
            std::vector<ValueId> inputs;
            for (ValueId input : node.inputs) {
                inputs.push_back(rewriter.at(input));
            }
            Node of_floats = node;
            of_floats.attributes.erase("arithmetic");
            of_floats.attributes.erase("gradients");
            rewriter.replace(node.outputs.at(0), rewriter.clone(of_floats, node.name, inputs));
        }
    }
    return rewriter.finish();
}

}  // namespace quantide
