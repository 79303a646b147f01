#include "compiler/ops/affine.h"

namespace quantide {

// For numbers s_x q_x + o_x and s_w q_w + o_w, sums = sum q_w and count = their number, which may both be of
// each kind of position of a convolution's output (see Borders): s_x s_w, s_x o_w and
// o_x (s_w sums + o_w count), each step rounded to binary32.
const OpDef affine_terms_op = {
    .name = "affine_terms",
    .summary = "what a product of affine numbers is made of: the factors of two integer sums, and an addend",
    .infer = [](const Graph &graph, const Node &node) -> std::vector<Value> {
        check_inputs(graph, node, 4);
        const Shape &sums = input_value(graph, node, 0).shape;
        check_float(graph, node, 0, sums);
        user_check(sums.size() == 1 || sums.size() == 3,
                   "affine_terms '{}': expected sums [M] or [M, kinds, "
                   "kinds], found {}",
                   node.name, to_string(sums));
        Shape one = sums, terms = sums;
        one[0] = 1;
        check_float(graph, node, 1, one);
        check_float(graph, node, 2, {2});
        const bool rows = input_value(graph, node, 3).shape.size() == 2;
        check_float(graph, node, 3, rows ? Shape{2, sums[0]} : Shape{2});
        terms.insert(terms.begin(), 3);
        return {float_value(node, terms)};
    },
    .gradient = nullptr,
};

}  // namespace quantide
