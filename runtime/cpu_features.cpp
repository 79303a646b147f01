#include "runtime/cpu_features.h"

#include <array>
#include <stdexcept>

#if defined(__x86_64__)
#include <cpuid.h>
#include <unistd.h>
#elif defined(__aarch64__)
#include <sys/auxv.h>
#endif

namespace quantide {

namespace {

enum { kEax, kEbx, kEcx, kEdx };

// LLVM compiles "avx2" for a Haswell, "avx512" for a Zen 4 (guarded to stay within Ice Lake) and "amx" for a
// Sapphire Rapids, so the rows list what those CPUs brought, whether or not today's code uses it.
constexpr std::array kX86Bits = {
    CpuidBit{1, 0, kEcx, 0, "sse3"},
    CpuidBit{1, 0, kEcx, 9, "ssse3"},
    CpuidBit{1, 0, kEcx, 12, "fma"},
    CpuidBit{1, 0, kEcx, 13, "cx16"},
    CpuidBit{1, 0, kEcx, 19, "sse4.1"},
    CpuidBit{1, 0, kEcx, 20, "sse4.2"},
    CpuidBit{1, 0, kEcx, 22, "movbe"},
    CpuidBit{1, 0, kEcx, 23, "popcnt"},
    CpuidBit{1, 0, kEcx, 27, "osxsave"},
    CpuidBit{1, 0, kEcx, 28, "avx"},
    CpuidBit{1, 0, kEcx, 29, "f16c"},
    CpuidBit{0x80000001, 0, kEcx, 5, "lzcnt"},
    CpuidBit{7, 0, kEbx, 3, "bmi"},
    CpuidBit{7, 0, kEbx, 5, "avx2"},
    CpuidBit{7, 0, kEbx, 8, "bmi2"},
    CpuidBit{7, 0, kEbx, 16, "avx512f"},
    CpuidBit{7, 0, kEbx, 17, "avx512dq"},
    CpuidBit{7, 0, kEbx, 21, "avx512ifma"},
    CpuidBit{7, 0, kEbx, 28, "avx512cd"},
    CpuidBit{7, 0, kEbx, 30, "avx512bw"},
    CpuidBit{7, 0, kEbx, 31, "avx512vl"},
    CpuidBit{7, 0, kEcx, 1, "avx512vbmi"},
    CpuidBit{7, 0, kEcx, 6, "avx512vbmi2"},
    CpuidBit{7, 0, kEcx, 8, "gfni"},
    CpuidBit{7, 0, kEcx, 11, "avx512vnni"},
    CpuidBit{7, 0, kEcx, 12, "avx512bitalg"},
    CpuidBit{7, 0, kEcx, 14, "avx512vpopcntdq"},
    CpuidBit{7, 0, kEdx, 22, "amx_bf16"},
    CpuidBit{7, 0, kEdx, 23, "avx512_fp16"},
    CpuidBit{7, 0, kEdx, 24, "amx_tile"},
    CpuidBit{7, 0, kEdx, 25, "amx_int8"},
    CpuidBit{7, 1, kEax, 4, "avx_vnni"},
    CpuidBit{7, 1, kEax, 5, "avx512_bf16"},
};
constexpr size_t kAvx2Bits = 15, kAvx512Bits = 27;  // the rows up to bmi2, up to avx512vpopcntdq

constexpr uint64_t kYmmState = 0x6, kZmmState = 0xe6, kTileState = 0x600e6;
constexpr int kTileData = 18;
constexpr uint64_t kHwcapDotProduct = 1 << 20;  // HWCAP_ASIMDDP

constexpr std::array kRequirements = {
    CpuRequirement{"amx", "x86-64", kX86Bits, kTileState, kTileData, 0},
    CpuRequirement{"avx512", "x86-64", std::span(kX86Bits).first(kAvx512Bits), kZmmState, 0, 0},
    CpuRequirement{"avx2", "x86-64", std::span(kX86Bits).first(kAvx2Bits), kYmmState, 0, 0},
    CpuRequirement{"baseline", "x86-64", {}, 0, 0, 0},
    CpuRequirement{"dotprod", "arm-64", {}, 0, 0, kHwcapDotProduct},
    CpuRequirement{"neon", "arm-64", {}, 0, 0, 0},
};

#if defined(__x86_64__)

bool cpuid_bit(const CpuidBit &b) {
    uint32_t r[4] = {};
    // __get_cpuid_count refuses leaves that the CPU does not have.
    return __get_cpuid_count(b.leaf, b.subleaf, &r[0], &r[1], &r[2], &r[3]) != 0 &&
           ((r[b.reg] >> b.bit) & 1) != 0;
}

uint64_t saved_state() {
    uint32_t low = 0, high = 0;
    asm volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return (uint64_t{high} << 32) | low;
}

#endif

}  // namespace

const CpuRequirement &cpu_requirement(std::string_view level) {
    for (const CpuRequirement &requirement : kRequirements) {
        if (level == requirement.level) {
            return requirement;
        }
    }
    throw std::out_of_range("no such CPU level");
}

bool host_has_sse4a() {
#if defined(__x86_64__)
    return cpuid_bit({0x80000001, 0, kEcx, 6, "sse4a"});
#else
    return false;
#endif
}

const char *host_architecture() {
#if defined(__x86_64__)
    return "x86-64";
#elif defined(__aarch64__)
    return "arm-64";
#else
#error "Quantide runs on x86-64 and 64-bit Arm"
#endif
}

bool host_meets(const CpuRequirement &requirement) {
    if (std::string_view(requirement.architecture) != host_architecture()) {
        return false;
    }
#if defined(__x86_64__)
    for (const CpuidBit &b : requirement.bits) {
        if (!cpuid_bit(b)) {
            return false;
        }
    }
    // osxsave is among the bits wherever state is asked for, so xgetbv does not fault here.
    return requirement.xcr0 == 0 ||
           ((saved_state() & requirement.xcr0) == requirement.xcr0 &&
            (requirement.permission == 0 ||
             syscall(kArchPrctl, kRequestPermission, long{requirement.permission}) == 0));
#else
    return (getauxval(AT_HWCAP) & requirement.hwcap) == requirement.hwcap;
#endif
}

}  // namespace quantide
