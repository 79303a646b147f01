#include "tests/lower/run_group.h"

#include <gmock/gmock.h>

namespace quantide {
namespace {

TEST(ElementwiseLower, EqualsTheInterpreterBitForBit) {
    std::mt19937 random(4);
    for (const char *ops :
         {"quantize", "hardtanh", "batch_norm", "batch_norm+quantize", "batch_norm+hardtanh"}) {
        for (int channels : {1, 3, 31, 32, 33, 65, 129}) {
            Graph graph;
            const ValueId x = add_input(graph, Float(32), channels);
            graph.outputs = {add_epilogue(graph, x, ops, random)};
            const TestGroup group{as_one_group(graph), fmt::format("{} of {} channels", ops, channels)};
            const bool parallel = channels % 2 == 0;
            EXPECT_EQ(
                run_and_compare(group, {.level = &host_level(), .parallel = parallel}, {1, 2, 9}, random),
                "");
        }
    }
}

TEST(Lower, SaysWhichKernelHalideRefuses) {
    Halide::Func f("f");
    f() = 1;
    EXPECT_THAT(
        [&] { made_by_halide("sum of f32", [&] { return f.vectorize(Halide::Var("x")).name(); }); },
        testing::ThrowsMessage<InternalError>(testing::StartsWith("Halide refused kernel sum of f32: ")));
}

}  // namespace
}  // namespace quantide
