#include "dsl/naming.h"

#include "compiler/base/error.h"
#include "compiler/quantizers/gradient_format.h"
#include "compiler/quantizers/quantizer.h"
#include "dsl/affine.h"

#include <algorithm>
#include <map>

namespace quantide {

namespace {

/** Names that a training step or a checkpoint gives to what is no layer. */
constexpr std::string_view kReserved[] = {"best",          "labels", "loss", "optimizer",
                                          "preprocessing", "random", "rate"};

}  // namespace

void check_name(const std::string &kind, const std::string &name) {
    const bool letters =
        name.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") ==
        std::string::npos;
    user_check(letters && !name.empty() && (name[0] < '0' || name[0] > '9'),
               "{} {:?}: expected a name of letters, digits and '_' that does not start with a digit", kind,
               name);
}

std::string layer_name(const Graph &graph, const std::string &kind, const std::string &wanted) {
    std::map<std::string, std::string> taken;  // name -> kind
    for (const Node &node : graph.nodes) {
        taken[node.name] = node.op;
    }
    if (wanted.empty()) {
        for (int number = 1;; ++number) {
            const std::string name = kind + std::to_string(number);
            if (taken.count(name) == 0) {
                return name;
            }
        }
    }
    check_name(kind, wanted);
    const auto other = taken.find(wanted);
    user_check(other == taken.end(), "{} '{}': expected a name that no other layer has, found {} '{}'", kind,
               wanted, other == taken.end() ? "" : other->second, wanted);
    user_check(std::find(std::begin(kReserved), std::end(kReserved), wanted) == std::end(kReserved),
               "{} '{}': expected a name other than {}", kind, wanted, fmt::join(kReserved, ", "));
    return wanted;
}

ValueId parameter(Graph &graph, const std::string &name, Shape shape, const char *init, bool trainable) {
    constexpr int64_t kMaxElements = int64_t{1} << 29;  // kernels count bytes in 32 bits
    const ValueId id =
        graph.add_one("parameter", name, {},
                      {{"shape", std::move(shape)}, {"init", init}, {"trainable", int64_t{trainable}}});
    const Shape &extents = graph.value(id).shape;
    user_check(element_count(extents, 1, name) <= kMaxElements,
               "parameter '{}': expected at most {} elements, found {}", name, kMaxElements,
               to_string(extents));
    return id;
}

Attributes gradient_attributes(const std::string &kind, const std::string &layer,
                               const Precision &precision) {
    if (precision == float32()) {
        return {};
    }
    user_check(!precision.in_training && is_gradient_format(precision.quantizer),
               "{} '{}': expected gradients of {}, found {}", kind, layer, known_gradient_formats(),
               precision.quantizer);
    try {
        return {{"gradients", find_gradient_format(precision.quantizer).text()}};
    } catch (const CompileError &error) {
        throw CompileError(fmt::format("{} '{}': {}", kind, layer, error.what()));
    }
}

void check_no_gradient_format(const std::string &what, const Precision &precision) {
    // stochastic_power_of_two is a quantizer, stochastic_power_of_two(4) a gradient format.
    const std::vector<Quantizer> quantizers = all_widths();
    const bool known = std::any_of(quantizers.begin(), quantizers.end(), [&](const Quantizer &quantizer) {
        return quantizer.text() == precision.quantizer;
    });
    user_check(known || !is_gradient_format(precision.quantizer),
               "{}: expected a quantizer such as sign() or symmetric(4), found {}, which is for gradients",
               what, precision.quantizer);
}

ValueId weights(Graph &graph, const std::string &kind, const std::string &layer, Shape shape,
                const Precision &precision) {
    check_no_gradient_format("the weights of '" + layer + "'", precision);
    if (const auto affine = affine_precision(fmt::format("{} '{}'", kind, layer), precision)) {
        return affine_weights(graph, parameter(graph, layer + ".weight", std::move(shape), "glorot", true),
                              *affine);
    }
    const bool quantized = precision != float32();
    const char *init = quantized && !precision.tanh_normalized ? "uniform" : "glorot";
    ValueId weight = parameter(graph, layer + ".weight", std::move(shape), init, true);
    if (precision.tanh_normalized) {
        user_check(!precision.in_training, "{}: expected dorefa() weights without in_training()", layer);
        const ValueId range = graph.add_one("range", layer + ".weight.range", {weight});
        weight = graph.add_one("tanh_normalize", layer + ".weight.normalized", {weight, range});
    }
    return quantized ? graph.add_one(precision.in_training ? "quantize_in_training" : "quantize",
                                     layer + ".weight." + find_quantizer(precision.quantizer).name(),
                                     {weight}, {{"quantizer", precision.quantizer}})
                     : weight;
}

Attributes arithmetic_of(const Graph &graph, const std::string &layer, const std::string &arithmetic,
                         ValueId x, ValueId weights) {
    if (arithmetic.empty()) {
        return {};
    }
    user_check(
        arithmetic == "popcount" || arithmetic == "bytes" || arithmetic == "shorts" || arithmetic == "tiles",
        "'{}': expected the arithmetic 'popcount', 'bytes', 'shorts' or 'tiles', found '{}'", layer,
        arithmetic);
    for (const ValueId operand : {x, weights}) {
        user_check(is_integer(graph.value(operand).encoding),
                   "'{}': expected quantized inputs and weights for the arithmetic '{}', found '{}' with "
                   "products of float32",
                   layer, arithmetic, graph.value(operand).name);
    }
    return {{"arithmetic", arithmetic}};
}

Attributes weight_gradient_inputs(const Graph &graph, ValueId x, const std::string &layer,
                                  const Precision &precision) {
    if (precision == float32()) {
        return {};
    }
    user_check(
        find_quantizer(precision.quantizer).stochastic() && !precision.in_training,
        "{}: expected the inputs of the weight gradient to be float32() or drawn by a stochastic quantizer "
        "such as stochastic_power_of_two(), whose mean is x; found {}",
        layer, precision.quantizer);
    user_check(
        graph.value(x).type == Float(32),
        "{}: expected a float32 input where the weight gradient draws its inputs by {}, found {}, which "
        "has few bits already",
        layer, precision.quantizer, to_string(graph.value(x).type));
    return {{"weight_gradient_inputs", precision.quantizer}};
}

}  // namespace quantide
