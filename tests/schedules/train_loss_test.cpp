#include "tests/schedules/train_groups.h"

namespace quantide {

namespace {

using TrainLoss = GroupTest;

constexpr double kEps = 0x1p-24;

// Scores of at most 4: terms of at most 25 (hinge) or of exp(8), each of a few roundings; Halide's exp and
// log are good to 4 units in the last place.
TEST_F(TrainLoss, LossesAndTheirGradients) {
    for (const char *loss : {"squared_hinge", "softmax_cross_entropy"}) {
        for (int64_t rows : {1, 3, 100}) {
            for (int64_t classes : {2, 10, 33}) {
                for (const char *suffix : {"", "_gradient"}) {
                    SCOPED_TRACE(fmt::format("{}{} {} x {}", loss, suffix, rows, classes));
                    graph = {};
                    const ValueId scores = input("scores", rows, classes, uniform({rows, classes}, -4, 4));
                    const ValueId label = labels(rows, classes);
                    const ValueId out = graph.add_one(std::string(loss) + suffix, "loss", {scores, label});
                    graph.outputs = {out};
                    fuse(2);
                    run();
                    const double n = static_cast<double>(rows * classes + 32);
                    expect_within(found(out), expected(out), [&](size_t) { return n * kEps * 25; });
                }
            }
        }
    }
}

TEST_F(TrainLoss, HardtanhGradientPassesTheWindow) {
    const ValueId dy = input("dy", 5, 37, uniform({5, 37}, -1, 1));
    const ValueId x = input("x", 5, 37, exact({5, 37}, 100));
    const ValueId dx = graph.add_one("hardtanh_gradient", "dx", {dy, x});
    graph.outputs = {dx};
    fuse(2);
    run();
    expect_within(found(dx), expected(dx), [](size_t) { return 0; });
}

}  // namespace

}  // namespace quantide
