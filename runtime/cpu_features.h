#pragma once
#include <cstdint>
#include <span>
#include <string_view>

namespace quantide {

/** One feature bit that cpuid reports. */
struct CpuidBit {
    uint32_t leaf, subleaf;
    int reg;  ///< 0 eax, 1 ebx, 2 ecx, 3 edx
    int bit;
    const char *name;
};

/** What a level's code needs from the CPU and the operating system. The probe below and the one inside
 * generated libraries read the same rows. */
struct CpuRequirement {
    const char *level;
    const char *architecture;        ///< "x86-64" or "arm-64"
    std::span<const CpuidBit> bits;  ///< x86-64
    uint64_t xcr0;                   ///< x86-64: register state that the system must save
    int permission;                  ///< x86-64: the number of state that a process must ask for; 0: none
    uint64_t hwcap;                  ///< arm-64: bits of getauxval(AT_HWCAP)
};

/** The requirement of the level of that name, lower levels' included. Only the levels of
 * compiler/codegen/target.h have one. */
const CpuRequirement &cpu_requirement(std::string_view level);

/** The architecture that this program runs on: "x86-64" or "arm-64". */
const char *host_architecture();

/** True if this machine has SSE4A, which AMD's CPUs alone have. */
bool host_has_sse4a();

// Linux's call by which a process asks for such state: arch_prctl(ARCH_REQ_XCOMP_PERM, number).
constexpr long kArchPrctl = 158, kRequestPermission = 0x1023;

/** True if this machine has what `requirement` asks for. This process may use it then: it asked the system.
 */
bool host_meets(const CpuRequirement &requirement);

}  // namespace quantide
