#include "tests/schedules/train_groups.h"

namespace quantide {

namespace {

using TrainGradient = GroupTest;

struct Sizes {
    int64_t rows, outputs, inputs;
};

const Sizes kSizes[] = {{1, 1, 1},  {2, 3, 31},    {3, 33, 65},    {4, 32, 32},   {5, 10, 128},
                        {7, 64, 1}, {57, 31, 127}, {100, 96, 129}, {64, 127, 63}, {113, 1, 1100}};

TEST_F(TrainGradient, InputOfProductWithOneBitWeightsIsExactForExactSums) {
    for (const Sizes &s : kSizes) {
        for (bool parallel : {false, true}) {
            SCOPED_TRACE(fmt::format("{} x {} x {}, parallel {}", s.rows, s.outputs, s.inputs, parallel));
            graph = {};
            const ValueId dy = input("dy", s.rows, s.outputs, exact({s.rows, s.outputs}));
            const ValueId w = codes("w", {s.outputs, s.inputs}, Layout::OutputPanels);
            const ValueId dx = graph.add_one("dense_input_gradient", "dx", {dy, w});
            graph.outputs = {dx};
            fuse(2);
            run(parallel);
            expect_within(found(dx), expected(dx), [](size_t) { return 0; });
        }
    }
}

TEST_F(TrainGradient, InputOfFloatProductIsExactForExactSums) {
    for (const Sizes &s : kSizes) {
        SCOPED_TRACE(fmt::format("{} x {} x {}", s.rows, s.outputs, s.inputs));
        graph = {};
        const ValueId dy = input("dy", s.rows, s.outputs, exact({s.rows, s.outputs}));
        const ValueId w = parameter("w", exact({s.outputs, s.inputs}));
        const ValueId dx = graph.add_one("dense_input_gradient", "dx", {dy, w});
        graph.outputs = {dx};
        fuse(2);
        run();
        expect_within(found(dx), expected(dx), [](size_t) { return 0; });
    }
}

TEST_F(TrainGradient, FloatWeightGradientIsExactForExactSums) {
    for (const Sizes &s : kSizes) {
        SCOPED_TRACE(fmt::format("{} x {} x {}", s.rows, s.outputs, s.inputs));
        graph = {};
        const ValueId dy = input("dy", s.rows, s.outputs, exact({s.rows, s.outputs}));
        const ValueId x = input("x", s.rows, s.inputs, exact({s.rows, s.inputs}));
        const ValueId dw = graph.add_one("dense_weight_gradient", "dw", {dy, x});
        graph.outputs = {dw};
        fuse(2);
        run();
        expect_within(found(dw), expected(dw), [](size_t) { return 0; });
    }
}

// Sums of any numbers: n terms give an error of at most n eps sum |terms|.
TEST_F(TrainGradient, InputGradientOfAnyNumbersIsWithinRounding) {
    const Sizes s{100, 300, 200};
    const ValueId dy = input("dy", s.rows, s.outputs, uniform({s.rows, s.outputs}, -1, 1));
    const ValueId w = codes("w", {s.outputs, s.inputs}, Layout::OutputPanels);
    const ValueId dx = graph.add_one("dense_input_gradient", "dx", {dy, w});
    graph.outputs = {dx};
    fuse(2);
    run();
    expect_within(found(dx), expected(dx), [&](size_t i) {
        double terms = 0;
        for (size_t m = 0; m < 300; ++m) {
            terms += std::fabs(static_cast<double>(bindings["dy"].floats()[i / 200 * 300 + m]));
        }
        return 300 * 0x1p-24 * terms;
    });
}

}  // namespace

}  // namespace quantide
