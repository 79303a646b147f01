#include "compiler/ops/rules.h"

namespace quantide {

const OpDef slice_op = {
    .name = "slice",
    .summary = "some of the channels of a value",
    .infer = [](const Graph &graph, const Node &node) -> std::vector<Value> {
        check_inputs(graph, node, 1);
        Value y = check_features(graph, node, 0);
        const int64_t begin = node.integer("begin"), channels = node.integer("channels");
        user_check(begin >= 0 && channels > 0 && begin <= y.shape[1] - channels,
                   "slice '{}': expected channels within {}, found {} from {}", node.name, y.shape[1],
                   channels, begin);
        y.name = node.name;
        y.layout = Layout::Logical;
        y.shape[1] = channels;
        return {y};
    },
    .gradient = nullptr,
};

}  // namespace quantide
