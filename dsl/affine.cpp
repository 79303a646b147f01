#include "dsl/affine.h"

#include "compiler/base/error.h"
#include "dsl/naming.h"

#include <charconv>

namespace quantide {

namespace {

const AffineRow kRows[] = {
    {"affine",
     "the nearest of 2^bits evenly spaced numbers of a tensor's range; straight-through (Banner et al. 2018)",
     false},
    {"affine_per_channel", "the same with a range for each output of the weights", true},
};

/** Numbers that codes of a range stand for. */
struct Affine {
    ValueId codes, range;
};

std::optional<Affine> affine_of(const Graph &graph, ValueId x) {
    const Node &node = graph.producer(x);
    return node.op == "affine_numbers" ? std::optional<Affine>({node.inputs[0], node.inputs[1]})
                                       : std::nullopt;
}

}  // namespace

std::span<const AffineRow> affine_rows() { return kRows; }

std::optional<AffinePrecision> affine_precision(const std::string &layer, const Precision &precision) {
    for (const AffineRow &row : kRows) {
        const std::string begin = std::string(row.name) + "(", &text = precision.quantizer;
        if (!text.starts_with(begin)) {
            continue;
        }
        int bits = 0;
        const auto [end, error] = std::from_chars(&text[begin.size()], text.data() + text.size(), bits);
        user_check(error == std::errc() && std::string_view(end) == ")" && bits >= 1 && bits <= 8,
                   "{}: expected {}) of 1 to 8 bits, found {}", layer, begin + "bits", text);
        user_check(!precision.in_training,
                   "{}: expected in_training() of a quantizer whose grid is fixed, such as sign(), found {}",
                   layer, text);
        return AffinePrecision{bits, row.per_channel};
    }
    return std::nullopt;
}

ValueId affine_activations(Graph &graph, const std::string &name, ValueId x, int bits) {
    constexpr double kMomentum = 0.1;
    const ValueId range = parameter(graph, name + ".range", {2}, "zeros", false);
    const ValueId codes =
        graph.add_one("affine_codes", name, {x, range}, {{"bits", int64_t{bits}}, {"momentum", kMomentum}});
    return graph.add_one("affine_numbers", name + ".numbers", {codes, range});
}

ValueId affine_weights(Graph &graph, ValueId weight, const AffinePrecision &precision) {
    const std::string name = graph.value(weight).name;
    const ValueId range =
        graph.add_one(precision.per_channel ? "row_range" : "range", name + ".range", {weight});
    const ValueId codes =
        graph.add_one("affine_codes", name + ".codes", {weight, range}, {{"bits", int64_t{precision.bits}}});
    return graph.add_one("affine_numbers", name + ".numbers", {codes, range});
}

ValueId affine_reshape(Graph &graph, const std::string &name, ValueId x, const Shape &shape) {
    const std::optional<Affine> affine = affine_of(graph, x);
    const ValueId reshaped = graph.add_one("reshape", name, {affine ? affine->codes : x}, {{"shape", shape}});
    return affine ? graph.add_one("affine_numbers", name + ".numbers", {reshaped, affine->range}) : reshaped;
}

ValueId product(Graph &graph, const std::string &op, const std::string &name, ValueId x, ValueId weights,
                const std::string &arithmetic, Attributes attributes) {
    const std::optional<Affine> affine_x = affine_of(graph, x), affine_w = affine_of(graph, weights);
    const bool codes = (affine_x || is_integer(graph.value(x).encoding)) &&
                       (affine_w || is_integer(graph.value(weights).encoding));
    const bool pads = attributes.count("pad_value") != 0 && std::get<double>(attributes["pad_value"]) != 0;
    const bool affine = codes && (affine_x || affine_w) && !pads;
    std::vector<ValueId> inputs{affine && affine_x ? affine_x->codes : x,
                                affine && affine_w ? affine_w->codes : weights};
    attributes.merge(arithmetic_of(graph, name, arithmetic, inputs[0], inputs[1]));
    if (!affine) {
        return graph.add_one(op, name, inputs, attributes);
    }
    std::string ranges;
    if (affine_x) {
        inputs.push_back(affine_x->range);
        ranges += "x";
    }
    if (affine_w) {
        inputs.push_back(affine_w->range);
        ranges += "w";
    }
    attributes["ranges"] = ranges;
    return graph.add_one(op, name, inputs, attributes);
}

}  // namespace quantide
