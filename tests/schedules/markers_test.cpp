#include "schedules/markers.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <random>

namespace quantide {

namespace {

using Halide::Target;

/** a * b + c of each triple by a kernel for `target`. */
std::vector<float> multiply_add(std::vector<float> &a, std::vector<float> &b, std::vector<float> &c,
                                const Target &target) {
    const Halide::Var i("i");
    Halide::Buffer<float> x(a.data(), static_cast<int>(a.size())), y(b.data(), static_cast<int>(b.size())),
        z(c.data(), static_cast<int>(c.size()));
    Halide::Func f("f");
    f(i) = fused_multiply_add(x(i), y(i), z(i));
    f.vectorize(i, 8);
    Halide::Pipeline pipeline(f);
    lower_markers(pipeline, target);
    Halide::Buffer<float> result = pipeline.realize({static_cast<int>(a.size())}, target);
    return {result.begin(), result.end()};
}

float from_bits(uint32_t bits) {
    float x = 0;
    std::memcpy(&x, &bits, sizeof x);
    return x;
}

/** Numbers of all magnitudes, and triples whose exact result lies beside the middle of two floats. */
void draw(std::mt19937 &random, float &a, float &b, float &c) {
    const uint32_t kind = random() % 3;
    if (kind == 0) {
        a = from_bits(static_cast<uint32_t>(random()));
        b = from_bits(static_cast<uint32_t>(random()));
        c = from_bits(static_cast<uint32_t>(random()));
        return;
    }
    const auto mantissa = [&] { return 1.0F + static_cast<float>(random() % (1 << 23)) * 0x1p-23F; };
    const auto sign = [&] { return random() % 2 == 0 ? 1.0F : -1.0F; };
    a = sign() * mantissa() * (kind == 1 ? 1.0F : 0x1p-70F);
    b = sign() * (kind == 1 ? mantissa() : 1.0F + 0x1p-23F) * 0x1p-24F;
    c = sign() * mantissa() * (kind == 1 ? 1.0F : 0x1p-70F);
}

TEST(FusedMultiplyAdd, RoundsOnceWithTheInstructionAndWithout) {
    constexpr uint32_t kSeed = 20261121;
    SCOPED_TRACE(kSeed);
    std::mt19937 random(kSeed);
    constexpr size_t kCount = 1 << 20;
    std::vector<float> a(kCount), b(kCount), c(kCount);
    for (size_t i = 0; i < kCount; ++i) {
        draw(random, a[i], b[i], c[i]);
    }
    const Target host = Halide::get_host_target().with_feature(Target::StrictFloat);
    std::vector<Target> targets{host};
    if (host.arch == Target::X86) {
        targets.push_back(Target("x86-64-linux-strict_float"));
    }
    for (const Target &target : targets) {
        SCOPED_TRACE(target.to_string());
        const std::vector<float> found = multiply_add(a, b, c, target);
        size_t wrong = 0, twice = 0;
        for (size_t i = 0; i < kCount; ++i) {
            const float expected = std::fma(a[i], b[i], c[i]);
            const bool equal = std::memcmp(&expected, &found[i], sizeof expected) == 0 ||
                               (std::isnan(expected) && std::isnan(found[i]));
            wrong += equal ? 0 : 1;
            twice += a[i] * b[i] + c[i] == expected ? 0 : 1;
        }
        EXPECT_EQ(wrong, 0U);
        EXPECT_GT(twice, 1000U) << "the triples tell fused from unfused";
    }
}

}  // namespace

}  // namespace quantide
