#include "tests/schedules/train_groups.h"

#include <cmath>

namespace quantide {

namespace {

constexpr double kEps = 0x1p-24;

class TrainNorm : public GroupTest {
protected:
    ValueId acc = -1, offset = -1, weight = -1, bias = -1, x = -1;
    size_t first = 0;

    /** What a group around batch norm reads: integers as a product of 64 inputs gives them, and vectors. */
    void build_operands(int64_t rows, int64_t channels) {
        graph = {};
        const ValueId a = codes("a", {rows, 64}, Layout::PackedWords);
        const ValueId b = codes("b", {channels, 64}, Layout::OutputPanels);
        acc = graph.add_one("integer_dense", "acc", {a, b});
        weight = parameter("weight", uniform({channels}, -2, 2));
        bias = parameter("bias", uniform({channels}, -1, 1));
        offset = parameter("offset", uniform({channels}, -1, 1));
    }

    /** Begins the group with the float32 numbers of the integers. */
    void begin_group() {
        first = graph.nodes.size();
        x = graph.add_one("dequantize", "x", {acc, offset}, {{"scale", 0.5}});
    }
};

struct Sizes {
    int64_t rows, channels;
};

const Sizes kSizes[] = {{1, 1}, {2, 31}, {3, 10}, {4, 32}, {7, 64}, {57, 65}, {100, 129}};

// Of n rows with |x| <= 33: mean and var within n roundings of their terms.
TEST_F(TrainNorm, StatisticsAndSigns) {
    for (const Sizes &s : kSizes) {
        for (bool parallel : {false, true}) {
            SCOPED_TRACE(fmt::format("{} x {}, parallel {}", s.rows, s.channels, parallel));
            build_operands(s.rows, s.channels);
            begin_group();
            const auto norm = graph.add("batch_norm_train", "norm", {x, weight, bias}, {{"eps", 1e-4}});
            const ValueId signs = graph.add_one("quantize", "signs", {norm[0]}, {{"quantizer", "sign"}});
            graph.value(signs).layout = Layout::PackedWords;
            graph.outputs = {norm[1], norm[2], signs};
            fuse(first);
            run(parallel);
            const double n = static_cast<double>(s.rows);
            expect_within(found(norm[1]), expected(norm[1]), [&](size_t) { return (n + 4) * kEps * 33; });
            expect_within(found(norm[2]), expected(norm[2]),
                          [&](size_t) { return (n + 8) * kEps * 2 * 33 * 33; });
            const auto y = expected(norm[0]).floats();
            for (size_t i = 0; i < y.size(); ++i) {
                const size_t c = i % static_cast<size_t>(s.channels);
                // What the errors of the statistics may do to y.
                const double inverse = 1 / std::sqrt(double{expected(norm[2]).floats()[c]} + 1e-4);
                const double bound = (n + 16) * kEps * 33 * 4 * inverse * (1 + 33 * 33 * inverse * inverse);
                if (std::fabs(double{y[i]}) > bound) {
                    ASSERT_EQ(found(signs).as<uint8_t>()[i], y[i] >= 0 ? 1 : 0)
                        << "element " << i << " y " << y[i];
                }
            }
        }
    }
}

TEST_F(TrainNorm, LastLayerLeavesItsOutput) {
    for (const Sizes &s : kSizes) {
        SCOPED_TRACE(fmt::format("{} x {}", s.rows, s.channels));
        build_operands(s.rows, s.channels);
        begin_group();
        const auto norm = graph.add("batch_norm_train", "norm", {x, weight, bias}, {{"eps", 1.0}});
        graph.outputs = {norm[0], norm[1], norm[2]};
        fuse(first);
        run();
        const double n = static_cast<double>(s.rows);
        expect_within(found(norm[0]), expected(norm[0]), [&](size_t) { return (n + 16) * kEps * 33 * 16; });
    }
}

TEST_F(TrainNorm, GradientMasksAndSums) {
    for (const Sizes &s : kSizes) {
        for (bool masked : {true, false}) {
            SCOPED_TRACE(fmt::format("{} x {}, surrogate {}", s.rows, s.channels, masked));
            build_operands(s.rows, s.channels);
            const ValueId mean = parameter("mean", uniform({s.channels}, -4, 4));
            const ValueId var = parameter("var", uniform({s.channels}, 4, 80));
            const ValueId dy = input("dy", s.rows, s.channels, uniform({s.rows, s.channels}, -1, 1));
            begin_group();
            ValueId arriving = dy;
            if (masked) {
                const ValueId y = graph.add_one("batch_norm", "y", {x, weight, bias, mean, var},
                                                {{"eps", 1e-4}, {"momentum", 0.1}});
                arriving = graph.add_one("quantize_gradient", "dq", {dy, y}, {{"quantizer", "sign"}});
            }
            const auto d =
                graph.add("batch_norm_gradient", "dx", {arriving, x, mean, var, weight}, {{"eps", 1e-4}});
            graph.outputs = {d[0], d[1], d[2]};
            fuse(first);
            run(true);
            // |dy| <= 1, |h| <= 37 / 2, |weight / sqrt(var)| <= 1.
            const double n = static_cast<double>(s.rows), h = 18.5;
            expect_within(found(d[1]), expected(d[1]), [&](size_t) { return (n + 8) * kEps * n * h; });
            expect_within(found(d[2]), expected(d[2]), [&](size_t) { return (n + 8) * kEps * n; });
            expect_within(found(d[0]), expected(d[0]), [&](size_t) { return (n + 16) * kEps * (2 + h * h); });
        }
    }
}

/** The statistics that a table's row other than the variance makes, the output, and the gradients. */
class OtherNorm : public TrainNorm, public testing::WithParamInterface<const char *> {
protected:
    /** What follows from numbers q / 8: differences from the mean of 2^k rows are exact, so that AP2 of them
     * is the same in any order of sums. */
    Array eighths(Shape shape) {
        Array array(Float(32), std::move(shape));
        std::uniform_int_distribution<int> numbers(-80, 80);
        std::generate(array.floats().begin(), array.floats().end(),
                      [&] { return static_cast<float>(numbers(random)) / 8; });
        return array;
    }

    /** dx, dweight, dbias within the roundings of sums of n terms, |h| <= 16. */
    void expect_gradients(const std::vector<ValueId> &d, double n) {
        expect_within(found(d[0]), expected(d[0]), [&](size_t) { return (n + 16) * kEps * n * 64; });
        expect_within(found(d[1]), expected(d[1]), [&](size_t) { return (n + 8) * kEps * n * 16; });
        expect_within(found(d[2]), expected(d[2]), [&](size_t) { return (n + 8) * kEps * n; });
    }
};

TEST_P(OtherNorm, GivesStatisticsAndGradients) {
    const Attributes how{{"eps", 0.5}, {"norm", GetParam()}};
    for (const Shape &shape : {Shape{2, 31}, Shape{8, 10}, Shape{64, 65}, Shape{2, 33, 4, 2}}) {
        for (const bool parallel : {false, true}) {
            SCOPED_TRACE(fmt::format("{}, parallel {}", to_string(shape), parallel));
            graph = {};
            const bool image = shape.size() == 4;
            const auto operand = [&](const std::string &name, const Array &numbers) {
                return image ? images(name, numbers) : parameter(name, numbers);
            };
            const ValueId given = operand("x", eighths(shape)), dy = operand("dy", uniform(shape, -1, 1));
            weight = parameter("weight", uniform({shape[1]}, -2, 2));
            bias = parameter("bias", uniform({shape[1]}, -1, 1));
            const ValueId mean = parameter("mean", eighths({shape[1]})),
                          statistic = parameter("statistic", uniform({shape[1]}, 0.7F, 0.9F));
            const double n = static_cast<double>(element_count(shape, 1, "x") / shape[1]);
            first = graph.nodes.size();
            const auto y = graph.add("batch_norm_train", "norm", {given, weight, bias}, how);
            graph.value(y[0]).layout = graph.value(given).layout;
            graph.outputs = y;
            fuse(first);
            run(parallel);
            expect_within(found(y[1]), expected(y[1]), [&](size_t) { return (n + 4) * kEps * 10; });
            // The shift's is 1 / sqrt(v + 0.5) <= sqrt(2), with as many relative roundings as v.
            expect_within(found(y[2]), expected(y[2]), [&](size_t) { return (n + 8) * kEps * 32; });
            expect_within(found(y[0]), expected(y[0]), [&](size_t) { return (n + 16) * kEps * 20 * 64; });
            graph.nodes.resize(first);
            graph.values.resize(first);
            const auto d =
                graph.add("batch_norm_gradient", "gradient", {dy, given, mean, statistic, weight}, how);
            graph.value(d[0]).layout = graph.value(given).layout;
            graph.outputs = d;
            fuse(first);
            run(parallel);
            expect_gradients(d, n);
        }
    }
}

INSTANTIATE_TEST_SUITE_P(Norms, OtherNorm, testing::Values("shift", "range", "l1"),
                         [](const auto &row) { return std::string(row.param); });

TEST_F(TrainNorm, MovingAverageInPlace) {
    for (int64_t channels : {1, 7, 8, 129}) {
        graph = {};
        const ValueId running = parameter("running", uniform({channels}, -1, 1));
        const ValueId batch = parameter("batch", uniform({channels}, -1, 1));
        const ValueId next = graph.add_one("moving_average", "next", {running, batch}, {{"momentum", 0.1}});
        graph.updates = {{running, next}};
        fuse(2);
        run();
        expect_within(found(next), expected(next), [](size_t) { return 4 * kEps; });
    }
}

}  // namespace

}  // namespace quantide
