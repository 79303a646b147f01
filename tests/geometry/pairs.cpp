#include "tests/geometry/pairs.h"

#include "compiler/quantizers/quantizer.h"
#include "dsl/affine.h"

#include <fmt/format.h>

#include <cmath>
#include <numeric>
#include <set>

namespace quantide {

namespace {

// More than a word, and no multiple of one; more rows than tiles leave to other products.
constexpr int64_t kBatchSize = 9, kChannels = 38, kOutputs = 36, kUnits = 37;
const Shape kImage = {kChannels, 5, 4};

std::vector<int> widths(int least, int most) {
    const std::set<int> distinct{least, (least + most) / 2, most};
    return {distinct.begin(), distinct.end()};
}

/** Of powers of two every width whose integers are bytes, the next one and the most. */
std::vector<int> widths(const QuantizerDef &row) {
    if (row.encoding(row.most_bits).affine()) {
        return widths(row.least_bits, row.most_bits);
    }
    std::set<int> distinct{row.least_bits, row.most_bits};
    for (int bits = row.least_bits; is_integer(row.encoding(bits)); ++bits) {
        distinct.insert({bits, bits + 1});
    }
    return {distinct.begin(), distinct.end()};
}

std::vector<Quantizer> quantizers() {
    std::vector<Quantizer> result;
    for (const QuantizerDef *row : all_quantizers()) {
        for (const int bits : widths(*row)) {
            result.push_back({row, bits});
        }
    }
    return result;
}

bool may_be_weights(const Encoding &encoding) {
    return !encoding.affine() || weight_view(encoding).offset == 0;
}

std::string text_of(const Precision &precision) {
    const std::string text = precision == float32() ? "float32" : precision.quantizer;
    return precision.tanh_normalized ? fmt::format("dorefa {}", text)
           : precision.in_training   ? fmt::format("in_training({})", text)
                                     : text;
}

std::vector<int> shuffled(int64_t count, Random &random) {
    std::vector<int> result(static_cast<size_t>(count));
    std::iota(result.begin(), result.end(), 0);
    for (int64_t i = count - 1; i > 0; --i) {
        std::swap(result[static_cast<size_t>(i)], result[static_cast<size_t>(random.integer(0, i))]);
    }
    return result;
}

/** A number that the inputs' encoding has, beside 0. */
double padding_number(const PairCase &c) {
    if (c.bytes || c.inputs == float32() || affine_precision("pair", c.inputs)) {
        return 1;
    }
    const Quantizer quantizer = find_quantizer(c.inputs.quantizer);
    return number_of(quantizer.encoding(), quantizer.code(1));
}

/** Inputs of null are bytes. */
PairCase make_case(const Precision *inputs, const Precision &conv_weights, const Precision &dense_weights,
                   Random &random) {
    PairCase c{.inputs = inputs == nullptr ? float32() : *inputs,
               .conv_weights = conv_weights,
               .dense_weights = dense_weights,
               .bytes = inputs == nullptr};
    c.second_best = random.coin();
    c.groups = random.integer(0, 3) == 0 ? 2 : 1;
    c.padding = random.pick<Padding>({valid(), pad(1), pad(1, 0, 0, 2), pad(1, padding_number(c))});
    return c;
}

}  // namespace

std::vector<Precision> weight_precisions() {
    std::vector<Precision> result;
    for (const Quantizer &quantizer : quantizers()) {
        if (may_be_weights(quantizer.encoding())) {
            result.push_back({quantizer.text()});
        }
    }
    for (const int bits : widths(1, 8)) {
        for (const AffineRow &row : affine_rows()) {
            result.push_back({fmt::format("{}({})", row.name, bits)});
        }
        result.push_back(dorefa(bits));
    }
    result.push_back(in_training(stochastic_sign()));
    result.push_back(float32());
    return result;
}

std::vector<Precision> activation_precisions() {
    std::vector<Precision> result;
    for (const Quantizer &quantizer : quantizers()) {
        result.push_back({quantizer.text()});
    }
    for (const AffineRow &row : affine_rows()) {
        for (const int bits : widths(1, 8)) {
            if (!row.per_channel) {
                result.push_back({fmt::format("{}({})", row.name, bits)});
            }
        }
    }
    result.push_back(float32());
    return result;
}

std::vector<PairCase> pair_cases(bool all) {
    const std::vector<Precision> weights = weight_precisions(), activations = activation_precisions();
    std::vector<const Precision *> inputs{nullptr};
    for (const Precision &activation : activations) {
        inputs.push_back(&activation);
    }
    Random random(1);
    // Neither weights nor inputs meet their like, or each other twice.
    const std::vector<int> weights_order = shuffled(std::ssize(weights), random),
                           inputs_order = shuffled(std::ssize(inputs), random);
    const auto other = [&](size_t w) -> const Precision & {
        return weights[static_cast<size_t>(weights_order[w])];
    };
    std::vector<PairCase> result;
    for (size_t i = 0; i < std::max(weights.size(), inputs.size()); ++i) {
        const size_t w = i % weights.size();
        result.push_back(make_case(inputs[static_cast<size_t>(inputs_order[i % inputs.size()])], weights[w],
                                   other(w), random));
        result.back().quantized = random.integer(0, 3) == 0;
    }
    for (const int i : shuffled(all ? std::ssize(weights) * std::ssize(inputs) : 0, random)) {
        const size_t w = static_cast<size_t>(i) / inputs.size();
        result.push_back(
            make_case(inputs[static_cast<size_t>(i) % inputs.size()], weights[w], other(w), random));
    }
    return result;
}

std::string PairCase::text() const {
    return fmt::format("{} by {} in a convolution, {}{} groups, pad({}, {}, {}, {}, {}), by {} in a dense{}",
                       bytes ? "bytes" : text_of(inputs), text_of(conv_weights),
                       quantized ? "quantized, " : "", groups, padding.pads[0], padding.pads[1],
                       padding.pads[2], padding.pads[3], padding.value, text_of(dense_weights),
                       second_best ? ", second best" : "");
}

Graph PairCase::network(const std::string &name) const {
    return build(name, [&] {
        const auto quantized_inputs = [&](const Tensor &x) {
            return inputs == float32() ? x : quantize(x, inputs);
        };
        const Tensor x = quantized_inputs(
            bytes ? quantide::input("image", kImage, UInt(8), {.scale = 0.125F, .offset = -1})
                  : quantide::input("image", kImage, Float(32)));
        Tensor y = conv2d(x, {.channels = kOutputs,
                              .kernel = {3, 2},
                              .padding = padding,
                              .groups = groups,
                              .weights = conv_weights});
        y = flatten(quantized ? quantized_inputs(batch_norm(y)) : y);
        if (quantized) {
            y = dense(y, {.units = kUnits, .weights = conv_weights});
        }
        return concat({y, dense(flatten(x), {.units = kUnits, .weights = dense_weights})});
    });
}

Array PairCase::input() const {
    Random random(2);
    Shape shape = kImage;
    shape.insert(shape.begin(), kBatchSize);
    if (bytes) {
        return random.codes(UInt(8), shape);
    }
    // Also where quantizers step, and at 0.
    Array result = random.floats(shape);
    for (float &number : result.floats()) {
        number = random.coin() ? number : std::round(number * 8) / 8;
    }
    return result;
}

}  // namespace quantide
