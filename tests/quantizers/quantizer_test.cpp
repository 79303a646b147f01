#include "compiler/quantizers/quantizer.h"

#include "compiler/ops/op.h"
#include "tests/base/expect_error.h"

#include <cfloat>
#include <cmath>
#include <limits>

namespace quantide {

namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

TEST(Sign, IsPlusOneFromMinusZeroUp) {
    for (float x : {0.0F, -0.0F, 1e-45F, FLT_MIN, 0.5F, 1.0F, FLT_MAX, kInfinity}) {
        EXPECT_EQ(sign_quantizer.code(x), 1U) << x;
    }
    for (float x : {-1e-45F, -FLT_MIN, -0.5F, -1.0F, -FLT_MAX, -kInfinity, kNan, -kNan}) {
        EXPECT_EQ(sign_quantizer.code(x), 0U) << x;
    }
}

TEST(Sign, StandsForPlusAndMinusOne) {
    const IntegerView view = integer_view(sign_quantizer.encoding);
    EXPECT_EQ(view.scale * static_cast<float>(view.multiplier * 1 + view.addend) + view.offset, 1);
    EXPECT_EQ(view.scale * static_cast<float>(view.multiplier * 0 + view.addend) + view.offset, -1);
}

TEST(Sign, PassesGradientsWithinTheWindow) {
    for (float x : {0.0F, -0.0F, 0.5F, -0.5F, 1.0F, -1.0F}) {
        EXPECT_EQ(sign_quantizer.surrogate(x), 1) << x;
    }
    for (float x :
         {std::nextafter(1.0F, 2.0F), std::nextafter(-1.0F, -2.0F), 7.0F, kInfinity, -kInfinity, kNan}) {
        EXPECT_EQ(sign_quantizer.surrogate(x), 0) << x;
    }
}

TEST(Quantizers, AreWholeRows) {
    for (const QuantizerDef *quantizer : all_quantizers()) {
        SCOPED_TRACE(quantizer->name);
        EXPECT_EQ(&find_quantizer(quantizer->name), quantizer);
        EXPECT_EQ(quantizer->encoding.planes(), quantizer->type.bits);
        EXPECT_NE(std::string(quantizer->summary), "");
        EXPECT_NE(quantizer->surrogate, nullptr);
        for (float x : {-kInfinity, -1.0F, -0.0F, 0.3F, FLT_MAX, kInfinity, kNan}) {
            EXPECT_LT(quantizer->code(x), 1U << quantizer->type.bits);
        }
        if (quantizer->deployed != nullptr) {
            const QuantizerDef &deployed = find_quantizer(quantizer->deployed);
            EXPECT_EQ(deployed.encoding, quantizer->encoding);
            EXPECT_EQ(deployed.type, quantizer->type);
            EXPECT_EQ(deployed.drawn_code, nullptr);
            for (float x : {-kInfinity, -1.0F, -1e-45F, -0.0F, 0.0F, 0.3F, kInfinity, kNan}) {
                EXPECT_EQ(deployed.code(x), quantizer->code(x)) << x;
            }
        }
        if (quantizer->float_activation != nullptr) {
            EXPECT_NO_THROW(find_op(quantizer->float_activation));
        }
    }
    expect_error([] { find_quantizer("signum"); }, {"unknown quantizer 'signum'", "sign"});
}

}  // namespace

}  // namespace quantide
