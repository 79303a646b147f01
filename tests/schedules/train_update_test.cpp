#include "tests/schedules/train_groups.h"

#include <cmath>

namespace quantide {

namespace {

constexpr double kEps = 0x1p-24;

class TrainUpdate : public GroupTest {
protected:
    ValueId w, m, v, next_w, next_m, next_v = -1, next_codes = -1;

    ValueId in_panels(ValueId id) {
        graph.value(id).layout = Layout::OutputPanels;
        return id;
    }

    /** dw = dy^T x, an optimizer's step on weights in panels, and the new codes. */
    void build(const std::string &optimizer, int64_t rows, int64_t outputs, int64_t inputs, int bits) {
        graph = {};
        const ValueId dy = input("dy", rows, outputs, exact({rows, outputs}));
        Array bytes(UInt(8), {rows, inputs});
        std::generate(bytes.as<uint8_t>().begin(), bytes.as<uint8_t>().end(), [&] { return random() >> 24; });
        const ValueId x = bits == 1   ? codes("x", {rows, inputs}, Layout::PackedWords)
                          : bits == 8 ? input("x", rows, inputs, bytes)
                                      : input("x", rows, inputs, exact({rows, inputs}));
        w = in_panels(parameter("w", uniform({outputs, inputs}, -1, 1)));
        m = in_panels(parameter("m", uniform({outputs, inputs}, -1, 1)));
        std::vector<ValueId> states{w, m};
        Attributes attributes{{"scale", 3.5}, {"clip", 1.0}};
        if (optimizer != "sgd") {
            v = in_panels(parameter("v", uniform({outputs, inputs}, 0, 1)));
            states.push_back(v);
            attributes.insert({{"beta1", 0.9}, {"beta2", 0.999}, {"eps", 0x1p-27}});
        } else {
            attributes["momentum"] = 0.5;
        }
        const ValueId rate = graph.add_one("scalar", "rate", {});
        bindings["rate"] = Array(Float(32), {1});
        bindings["rate"].floats()[0] = 0.01F;
        const size_t first = graph.nodes.size();
        const ValueId dw = graph.add_one("dense_weight_gradient", "dw", {dy, x});
        std::vector<ValueId> operands = states;
        operands.insert(operands.end(), {dw, rate});
        const std::vector<ValueId> next = graph.add(optimizer, "step", operands, attributes);
        for (size_t i = 0; i < next.size(); ++i) {
            graph.updates.push_back({states[i], in_panels(next[i])});
        }
        next_w = next[0];
        next_m = next[1];
        next_v = next.size() > 2 ? next[2] : -1;
        next_codes = in_panels(graph.add_one("quantize", "codes", {next_w}, {{"quantizer", "sign"}}));
        graph.outputs = {next_codes};
        fuse(first);
    }

    void check(double step_error) {
        expect_within(found(next_m), expected(next_m), [&](size_t i) {
            return 4 * kEps * (1 + std::fabs(double{expected(next_m).floats()[i]})) * 2;
        });
        if (next_v >= 0) {
            expect_within(found(next_v), expected(next_v), [&](size_t i) {
                return 8 * kEps * std::fabs(double{expected(next_v).floats()[i]});
            });
        }
        expect_within(found(next_w), expected(next_w), [&](size_t) { return step_error; });
        for (size_t i = 0; i < found(next_w).floats().size(); ++i) {
            ASSERT_EQ(found(next_codes).as<uint8_t>()[i], found(next_w).floats()[i] >= 0 ? 1 : 0)
                << "element " << i;
        }
    }
};

struct Sizes {
    int64_t rows, outputs, inputs;
};

const Sizes kSizes[] = {{1, 1, 1},  {2, 3, 31},    {3, 33, 65},   {4, 32, 32},
                        {7, 64, 1}, {57, 31, 127}, {100, 96, 96}, {65, 10, 129}};

TEST_F(TrainUpdate, AdamOverwritesWeightsAndMomentsAndPacksSigns) {
    for (const Sizes &s : kSizes) {
        for (int bits : {1, 8, 32}) {
            for (bool parallel : {false, true}) {
                SCOPED_TRACE(fmt::format("{} x {} x {}, {} bits, parallel {}", s.rows, s.outputs, s.inputs,
                                         bits, parallel));
                build("adam", s.rows, s.outputs, s.inputs, bits);
                run(parallel);
                // The step 3.5 * 0.01 * m / sqrt(v) is where v is small large and clipped; else of 10
                // roundings.
                double largest = 1;
                for (size_t i = 0; i < expected(next_m).floats().size(); ++i) {
                    largest = std::max(largest, 0.035 * std::fabs(double{expected(next_m).floats()[i]}) /
                                                    std::sqrt(double{expected(next_v).floats()[i]}));
                }
                check(16 * kEps * (1 + largest));
            }
        }
    }
}

// The gradients are exact, and so is max(beta2 v, |g|) but for the product, whose rounding stays away from
// AP2's steps: v to the bit.
TEST_F(TrainUpdate, ShiftAdamaxKeepsPowersOfTwo) {
    for (const Sizes &s : {Sizes{2, 3, 31}, Sizes{7, 64, 33}}) {
        for (const int bits : {1, 32}) {
            SCOPED_TRACE(fmt::format("{} x {} x {}, {} bits", s.rows, s.outputs, s.inputs, bits));
            build("shift_adamax", s.rows, s.outputs, s.inputs, bits);
            run();
            EXPECT_EQ(found(next_v), expected(next_v));
            double largest = 1;
            for (size_t i = 0; i < expected(next_m).floats().size(); ++i) {
                largest = std::max(largest, 0.035 * std::fabs(double{expected(next_m).floats()[i]}) /
                                                double{expected(next_v).floats()[i]});
            }
            check(16 * kEps * (1 + largest));
        }
    }
}

TEST_F(TrainUpdate, SgdOverwritesWeightsAndMomentumAndPacksSigns) {
    for (const Sizes &s : kSizes) {
        for (int bits : {1, 8}) {
            SCOPED_TRACE(fmt::format("{} x {} x {}, {} bits", s.rows, s.outputs, s.inputs, bits));
            build("sgd", s.rows, s.outputs, s.inputs, bits);
            run();
            double largest = 1;
            for (float x : expected(next_m).floats()) {
                largest = std::max(largest, 0.035 * std::fabs(double{x}));
            }
            check(16 * kEps * (1 + largest));
        }
    }
}

TEST_F(TrainUpdate, VectorsAreUpdatedInPlace) {
    for (int64_t channels : {1, 3, 64, 129}) {
        graph = {};
        w = parameter("w", uniform({channels}, -1, 1));
        m = parameter("m", uniform({channels}, -1, 1));
        v = parameter("v", uniform({channels}, 0.1F, 1));
        const ValueId g = parameter("g", uniform({channels}, -1, 1));
        const ValueId rate = graph.add_one("scalar", "rate", {});
        bindings["rate"] = Array(Float(32), {1});
        bindings["rate"].floats()[0] = 0.01F;
        const std::vector<ValueId> next =
            graph.add("adam", "step", {w, m, v, g, rate},
                      {{"scale", 1.0}, {"clip", 0.0}, {"beta1", 0.9}, {"beta2", 0.999}, {"eps", 1e-8}});
        graph.updates = {{w, next[0]}, {m, next[1]}, {v, next[2]}};
        fuse(5);
        run();
        for (ValueId id : next) {
            expect_within(found(id), expected(id), [](size_t) { return 16 * kEps; });
        }
    }
}

}  // namespace

}  // namespace quantide
