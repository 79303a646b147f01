#include "compiler/ops/rules.h"

namespace quantide {

// y[m] = scale * float(the sum of the integers of m's weights), in binary32: what a layer adds to a unit per
// unit of its input's offset. With `image` and a window, y[m, i, j] sums over the taps inside the image at
// the positions of kind (i, j) of a convolution's output (see Borders).
const OpDef code_sum_op = {
    .name = "code_sum",
    .summary = "the sum of the integers that each row of codes stands for, times a scale",
    .infer = [](const Graph &graph, const Node &node) -> std::vector<Value> {
        check_inputs(graph, node, 1);
        const Value &w = check_features(graph, node, 0);
        user_check(!w.encoding.plain(), "code_sum '{}': expected codes, found {}", node.name,
                   to_string(w.type));
        return {float_value(node, node.has("image") ? kinds_of(w, node) : Shape{w.shape[0]})};
    },
    .gradient = nullptr,
};

}  // namespace quantide
