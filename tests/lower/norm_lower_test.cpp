#include "compiler/lower/norm.h"

#include "compiler/base/ap2.h"
#include "tests/lower/run_group.h"

#include <gmock/gmock.h>

#include <bit>
#include <limits>

namespace quantide {
namespace {

/** Every exponent with the mantissas at which AP2 steps, denormals, infinities and NaN among them. */
std::vector<int32_t> awkward_bits() {
    std::vector<int32_t> bits;
    for (int32_t exponent = 0; exponent < 256; ++exponent) {
        for (const int32_t mantissa :
             {0, 1, 0x3504F2, 0x3504F3, 0x3504F4, 0x3504F5, 0x400000, 0x4AFB0C, 0x4AFB0D, 0x7FFFFF}) {
            bits.push_back(exponent << 23 | mantissa);
            bits.push_back(bits.back() | std::numeric_limits<int32_t>::min());
        }
    }
    return bits;
}

TEST(Ap2Lower, GivesTheBitsOfTheFunction) {
    const std::vector<int32_t> numbers = awkward_bits();
    const auto count = static_cast<int>(numbers.size());
    for (const bool strict_float : {true, false}) {
        Halide::Buffer<int32_t> in(count);
        std::copy(numbers.begin(), numbers.end(), in.begin());
        Halide::ImageParam bits(Halide::Int(32), 1);
        const Halide::Var i("i");
        Halide::Func f("powers");
        f(i) = Halide::reinterpret<int32_t>(ap2(Halide::reinterpret<float>(bits(i))));
        f.vectorize(i, 8);
        bits.set(in);
        Halide::Target target = Halide::get_host_target();
        if (strict_float) {
            target.set_feature(Halide::Target::StrictFloat);
        }
        const Halide::Buffer<int32_t> out = f.realize({count}, target);
        for (int k = 0; k < count; ++k) {
            ASSERT_EQ(out(k), std::bit_cast<int32_t>(ap2(std::bit_cast<float>(in(k)))))
                << std::hex << in(k) << " strict_float " << strict_float;
        }
    }
}

TEST(NormLower, EqualsTheInterpreterBitForBit) {
    std::mt19937 random(4);
    for (const char *ops : {"batch_norm/shift", "batch_norm/range+quantize", "batch_norm/l1+hardtanh"}) {
        for (const int channels : {1, 31, 65}) {
            Graph graph;
            const ValueId x = add_input(graph, Float(32), channels);
            graph.outputs = {add_epilogue(graph, x, ops, random)};
            const TestGroup group{as_one_group(graph), fmt::format("{} of {} channels", ops, channels)};
            EXPECT_EQ(run_and_compare(group, {.level = &host_level()}, {1, 9}, random), "");
        }
    }
}

}  // namespace
}  // namespace quantide
