#include "tests/geometry/pairs.h"

#include "compiler/base/error.h"
#include "compiler/quantizers/quantizer.h"

#include <algorithm>
#include <set>

namespace quantide {

namespace {

std::string text_of(const Precision &precision) {
    return fmt::format("{} {} {}", precision.quantizer, precision.tanh_normalized, precision.in_training);
}

TEST(PairCases, HoldEveryQuantizerAsWeightsAndAsInputsOfBothLayers) {
    const std::vector<Precision> weights = weight_precisions(), activations = activation_precisions();
    const size_t inputs = activations.size() + 1;  // bytes
    for (const bool all : {false, true}) {
        std::set<std::string> found_inputs, found_conv, found_dense;
        std::set<std::pair<std::string, std::string>> conv_pairs, dense_pairs;
        for (const PairCase &c : pair_cases(all)) {
            const std::string of = c.bytes ? "bytes" : text_of(c.inputs);
            found_inputs.insert(of);
            found_conv.insert(text_of(c.conv_weights));
            found_dense.insert(text_of(c.dense_weights));
            if (!c.quantized) {
                conv_pairs.emplace(of, text_of(c.conv_weights));
            }
            dense_pairs.emplace(of, text_of(c.dense_weights));
            EXPECT_NO_THROW(c.network("net")) << c.text();
        }
        EXPECT_EQ(found_inputs.size(), inputs);
        EXPECT_EQ(found_conv.size(), weights.size());
        EXPECT_EQ(found_dense.size(), weights.size());
        if (all) {
            EXPECT_EQ(conv_pairs.size(), inputs * weights.size());
            EXPECT_EQ(dense_pairs.size(), inputs * weights.size());
        }
    }
}

bool may_be_weights(const Precision &precision) {
    try {
        build("net", [&] { return dense(input("image", {3}, UInt(8)), {.units = 2, .weights = precision}); });
        return true;
    } catch (const CompileError &) {
        return false;
    }
}

TEST(PairCases, HoldTheLeastAndTheMostBitsOfEveryRow) {
    const auto holds = [](const std::vector<Precision> &precisions, const Precision &precision) {
        return std::ranges::find(precisions, precision) != precisions.end();
    };
    for (const QuantizerDef *row : all_quantizers()) {
        for (const int bits : {row->least_bits, row->most_bits}) {
            const Precision precision{Quantizer{row, bits}.text()};
            EXPECT_TRUE(holds(activation_precisions(), precision)) << precision.quantizer;
            EXPECT_EQ(holds(weight_precisions(), precision), may_be_weights(precision))
                << precision.quantizer;
        }
    }
}

}  // namespace

}  // namespace quantide
