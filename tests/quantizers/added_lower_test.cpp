#include "compiler/quantizers/quantizer_lower.h"

#include "tests/base/expect_error.h"
#include "tests/dsl/random_network.h"
#include "training/evaluator.h"

#include <cmath>

namespace quantide {

namespace {

// A quantizer of a user's own, whole: -2, 0 or +2 with thresholds at -1/4 and 1/4 (NaN: -2), straight-through
// where |x| <= 2. Tests that walk the table walk it, too: it was added before main.
const QuantizerDef wide_ternary_quantizer = {
    .name = "wide_ternary",
    .summary = "-2, 0 or +2 with thresholds at -1/4 and 1/4; straight-through where |x| <= 2",
    .least_bits = 2,
    .most_bits = 2,
    .encoding = [](int) -> Encoding {
        return {.scales = {2, 2}, .offset = -2};
    },
    .code = [](float x, int) -> uint32_t { return x >= 0.25F   ? 3
                                                  : x > -0.25F ? 1
                                                               : 0; },
    .surrogate = [](float x, int) { return std::fabs(x) <= 2 ? 1.0F : 0.0F; },
    .weight_surrogate = nullptr,
    .float_activation = "hardtanh",
};

const QuantizerLowering wide_ternary_lowering = {
    .code = [](const Halide::Expr &x, int) -> Halide::Expr {
        const Halide::Expr number = !Halide::is_nan(x);
        return Halide::select(number && 0.25F <= x, 3, number && -0.25F < x, 1, 0);
    },
    .surrogate = [](const Halide::Expr &x, int) { return within(x, 2.0F); },
};

const bool added = add_quantizer(wide_ternary_quantizer, wide_ternary_lowering);

TEST(AddedQuantizer, IsARowLikeTheOthers) {
    ASSERT_TRUE(added);
    EXPECT_EQ(find_quantizer("wide_ternary").def, &wide_ternary_quantizer);
    EXPECT_EQ(all_quantizers().back(), &wide_ternary_quantizer);
    expect_error([] { find_quantizer("wide"); }, {"unknown quantizer 'wide'", "wide_ternary"});
}

TEST(AddedQuantizer, GoesThroughLayersAsTheInterpreterSays) {
    const Graph network = build("net", [] {
        Tensor x = quantize(input("image", {40}, Float(32)), {"wide_ternary"});
        x = quantize(dense(x, {.units = 33, .weights = {"wide_ternary"}}), {"wide_ternary"});
        return dense(x, {.units = 5, .weights = sign()});
    });
    Random random(3);
    const Arrays parameters = random_parameters(network, random), batch = random_batch(network, random, 9, 3);
    // A naive definition of the whole network in exact integers.
    const auto number = [](float x) { return x >= 0.25F ? 2 : x > -0.25F ? 0 : -2; };
    const auto x = batch.at("image").floats(), w1 = parameters.at("dense1.weight").floats(),
               w2 = parameters.at("dense2.weight").floats();
    std::vector<float> expected;
    for (size_t n = 0; n < 9; ++n) {
        for (size_t m = 0; m < 5; ++m) {
            int score = 0;
            for (size_t j = 0; j < 33; ++j) {
                int sum = 0;
                for (size_t k = 0; k < 40; ++k) {
                    sum += number(x[n * 40 + k]) * number(w1[j * 40 + k]);
                }
                score += number(static_cast<float>(sum)) * (w2[m * 33 + j] >= 0 ? 1 : -1);
            }
            expected.push_back(static_cast<float>(score));
        }
    }
    const Array found = Evaluator(network, parameters).run(batch.at("image"));
    EXPECT_EQ(elements(found), expected);
    EXPECT_EQ(found, interpret_outputs(network, join(parameters, batch))[0]);
}

TEST(AddedQuantizer, IsRefusedWithAnotherRowsNameOrWidthsThatNoCodeHas) {
    QuantizerDef wrong = wide_ternary_quantizer;
    expect_error([&] { add_quantizer(wrong); }, {"'wide_ternary'", "no other quantizer has"});
    wrong.name = "half(3)";
    expect_error([&] { add_quantizer(wrong); }, {"half(3)", "small letters"});
    wrong.name = "nine";
    for (const auto &[least, most] : {std::pair(0, 2), std::pair(1, 9), std::pair(3, 2)}) {
        wrong.least_bits = least;
        wrong.most_bits = most;
        expect_error([&] { add_quantizer(wrong); },
                     {"'nine'", "1 to 8 bits", "found " + std::to_string(least)});
    }
}

}  // namespace

}  // namespace quantide
