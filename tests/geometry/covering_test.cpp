#include "tests/geometry/cases.h"

#include <set>

namespace quantide {

namespace {

TEST(Covering, HoldsEveryPossibleTupleAndNoOther) {
    // Small enough to try every choice.
    const Axes axes = {.sizes = {2, 3, 4, 3}, .allowed = [](const Choice &c) {
                           const bool known = c[0] != kOpen && c[2] != kOpen;
                           return (!known || c[0] + c[2] < 4) && !(c[1] == 2 && c[3] == 1);
                       }};
    for (const int strength : {1, 2, 3}) {
        using Tuple = std::vector<std::pair<size_t, int>>;
        const auto tuples_of = [&](const Choice &c, std::set<Tuple> &to) {
            for (unsigned axes_in = 0; axes_in < 16; ++axes_in) {
                Tuple tuple;
                for (size_t axis = 0; axis < 4; ++axis) {
                    if ((axes_in >> axis & 1U) != 0) {
                        tuple.emplace_back(axis, c[axis]);
                    }
                }
                if (std::ssize(tuple) == strength) {
                    to.insert(tuple);
                }
            }
        };
        std::set<Tuple> possible, found;
        for (int i = 0; i < 2 * 3 * 4 * 3; ++i) {
            const Choice c = {i % 2, i / 2 % 3, i / 6 % 4, i / 24};
            if (axes.allowed(c)) {
                tuples_of(c, possible);
            }
        }
        const Covering covering = cover(axes, strength, 5);
        for (const Choice &c : covering.choices) {
            EXPECT_TRUE(axes.allowed(c));
            tuples_of(c, found);
        }
        EXPECT_EQ(found, possible);
        EXPECT_EQ(covering.covered, std::ssize(possible));
        EXPECT_EQ(covering.choices, cover(axes, strength, 5).choices);
    }
}

TEST(Covering, RulesLeaveOutWhatNoNetworkCanBe) {
    const Covering covering = cover(conv_axes(), 2, 1);
    EXPECT_LT(covering.choices.size(), 300U);
    // Odd channels in or out with two groups; depthwise, what is no multiple.
    EXPECT_GE(covering.impossible, 10);
    EXPECT_LT(covering.impossible, 100);
    for (const Choice &choice : covering.choices) {
        EXPECT_NO_THROW(make_conv_case(choice).network("net")) << make_conv_case(choice).text();
    }
}

}  // namespace

}  // namespace quantide
