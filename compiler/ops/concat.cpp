#include "compiler/ops/rules.h"

namespace quantide {

const OpDef concat_op = {
    .name = "concat",
    .summary = "the channels of several values behind each other",
    .infer = [](const Graph &graph, const Node &node) -> std::vector<Value> {
        const Value &first = check_features(graph, node, 0);
        Value y = first;
        y.name = node.name;
        y.layout = Layout::Logical;
        for (size_t i = 1; i < node.inputs.size(); ++i) {
            const Value &x = check_features(graph, node, i);
            Shape expected = first.shape;
            expected[1] = x.shape[1];
            user_check(x.shape == expected && x.type == first.type && x.encoding == first.encoding,
                       "concat '{}': expected '{}' to be like '{}' but for its channels, found {}{} and {}{}",
                       node.name, x.name, first.name, to_string(x.type), to_string(x.shape),
                       to_string(first.type), to_string(first.shape));
            y.shape[1] += x.shape[1];
        }
        return {y};
    },
    .gradient = [](Graph &graph, const Node &node, std::span<const ValueId> dy) -> std::vector<ValueId> {
        std::vector<ValueId> result;
        int64_t begin = 0;
        for (ValueId input : node.inputs) {
            const int64_t channels = graph.value(input).shape[1];
            result.push_back(graph.add_one("slice", node.name + ".gradient", {dy[0]},
                                           {{"begin", begin}, {"channels", channels}}));
            begin += channels;
        }
        return result;
    },
};

}  // namespace quantide
