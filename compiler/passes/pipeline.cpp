#include "compiler/passes/pass.h"

namespace quantide {

namespace {

const Pass kDeployment[] = {
    {"freeze", "parameters become constants, every op takes its deployed behaviour", freeze},
    {"integer_products", "products of encoded operands become exact in integers", integer_products},
    {"absorb_reshape", "dense layers read images as they lie", absorb_reshape},
    {"fold_constants", "nodes of constants become constants", fold_constants},
    {"fold_thresholds", "batch norm + sign becomes an integer threshold per channel", fold_thresholds},
    {"assign_layouts", "every value gets its layout in memory", assign_layouts},
    {"fuse", "nodes that become one kernel get one group", fuse},
};

const Pass kTraining[] = {
    {"differentiate", "adds loss, gradients, updates and running statistics", differentiate},
    {"quantize_gradients", "gradients in low precision become codes before their products",
     quantize_gradients},
    {"fix_batch", "the batch gets its number", fix_batch},
    {"integer_products", "dense layers of encoded operands become exact integer products", integer_products},
    {"rematerialize", "backward recomputes what is cheap to compute and dear to keep", rematerialize},
    {"fold_constants", "nodes of constants become constants", fold_constants},
    {"assign_layouts", "every value gets its layout in memory", assign_layouts},
    {"fuse", "nodes that become one kernel get one group", fuse},
};

}  // namespace

std::span<const Pass> deployment_passes() { return kDeployment; }

std::span<const Pass> training_passes() { return kTraining; }

Graph run_passes(Graph graph, std::span<const Pass> passes, const PassOptions &options,
                 const std::function<bool(const Pass &, const Graph &)> &observe) {
    for (const Pass &pass : passes) {
        graph = pass.run(graph, options);
        verify(graph, pass.name);
        if (observe && !observe(pass, graph)) {
            break;
        }
    }
    return graph;
}

}  // namespace quantide
