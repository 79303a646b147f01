#include "tests/codegen/instructions.h"

#include "compiler/base/error.h"
#include "tests/base/temporary_folder.h"
#include "tests/codegen/command.h"

namespace quantide {

namespace {

struct Extensions {
    const char *level;
    const char *assembler;
    const char *march;
};

// What the probe asks of a CPU: no more than Sapphire Rapids, Ice Lake, Haswell and the first 64-bit x86 CPUs
// have.
const Extensions kExtensions[] = {
    {"amx", "as --64",
     "generic64+avx2+fma+f16c+bmi+bmi2+lzcnt+movbe+popcnt+gfni+avx512f+"
     "avx512cd+avx512dq+"
     "avx512bw+avx512vl+avx512ifma+avx512vbmi+avx512_vbmi2+avx512_vnni+avx512_bitalg+avx512_vpopcntdq+"
     "avx512_bf16+avx512_fp16+avx_vnni+amx_tile+amx_int8+amx_bf16"},
    {"avx512", "as --64",
     "generic64+avx2+fma+f16c+bmi+bmi2+lzcnt+movbe+popcnt+gfni+avx512f+"
     "avx512cd+avx512dq+"
     "avx512bw+avx512vl+avx512ifma+avx512vbmi+avx512_vbmi2+avx512_vnni+avx512_bitalg+avx512_vpopcntdq"},
    {"avx2", "as --64", "generic64+avx2+fma+f16c+bmi+bmi2+lzcnt+movbe+popcnt"},
    {"baseline", "as --64", "generic64"},
    {"dotprod", "aarch64-linux-gnu-as", "armv8.2-a+dotprod"},
    {"neon", "aarch64-linux-gnu-as", "armv8-a"},
};

const Extensions &extensions_of(const CpuLevel &level) {
    for (const Extensions &e : kExtensions) {
        if (std::string(level.name) == e.level) {
            return e;
        }
    }
    throw InternalError(std::string("no row of assembler extensions for level ") + level.name);
}

}  // namespace

std::string foreign_instructions(const std::string &assembly, const CpuLevel &level) {
    const TemporaryFolder folder;
    const Extensions &e = extensions_of(level);
    const CommandResult result = run_command(std::string(e.assembler) + " -march=" + e.march + " " +
                                             folder.add("code.s", assembly) + " -o " + (folder / "code.o"));
    return result.status == 0 ? "" : result.output + "\n(as returned " + std::to_string(result.status) + ")";
}

bool have_assembler(const CpuLevel &level) {
    const std::string assembler = extensions_of(level).assembler;
    return have_command(assembler.substr(0, assembler.find(' ')));
}

}  // namespace quantide
