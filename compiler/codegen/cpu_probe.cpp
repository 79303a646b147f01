#include "compiler/codegen/cpu_probe.h"

#include "compiler/codegen/halide_ir.h"
#include "runtime/cpu_features.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace quantide {

namespace {

using namespace Halide::Internal;
using Halide::cast;
using Halide::Expr;

constexpr uint64_t kAtHwcap = 16;  // AT_HWCAP of getauxval
constexpr int kOsxsaveBit = 27;    // of ecx of leaf 1

/** The first index whose condition holds. */
Expr first_true(const std::vector<Expr> &conditions) {
    Expr index = static_cast<int>(conditions.size());
    for (size_t i = conditions.size(); i-- > 0;) {
        index = Select::make(conditions[i], static_cast<int>(i), index);
    }
    return index;
}

std::string register_name(uint32_t leaf, uint32_t subleaf, int reg) {
    return fmt::format("cpuid_{:x}_{}_{}", leaf, subleaf, reg);
}

/** Runs cpuid and `rest` with its four registers in variables. x64_cpuid_halide is inlined by Halide into
 * every x86 module; it takes leaf and subleaf in the array that it fills. */
Stmt with_cpuid(uint32_t leaf, uint32_t subleaf, Stmt rest) {
    auto load = [](int i) {
        return Load::make(Halide::Int(32), "registers", i, {}, {}, const_true(), ModulusRemainder());
    };
    auto store = [](int i, uint32_t value) {
        return Store::make("registers", static_cast<int>(value), i, {}, const_true(), ModulusRemainder());
    };
    for (int reg = 0; reg < 4; reg++) {
        rest = LetStmt::make(register_name(leaf, subleaf, reg), load(reg), rest);
    }
    return Block::make({store(0, leaf), store(1, subleaf),
                        Evaluate::make(ir_call("x64_cpuid_halide", {ir_handle("registers")})), rest});
}

Expr bit(uint32_t leaf, uint32_t subleaf, int reg, int index) {
    const Expr value = Variable::make(Halide::Int(32), register_name(leaf, subleaf, reg));
    return ((cast<uint32_t>(value) >> Expr(static_cast<uint32_t>(index))) & Expr(uint32_t{1})) !=
           Expr(uint32_t{0});
}

/** Returns `index` if the system lets this process use the state. */
Stmt return_if_permitted(int index, int permission) {
    if (permission == 0) {
        return ir_return(index);
    }
    const auto number = [](int64_t value) { return IntImm::make(Halide::Int(64), value); };
    const Expr status =
        Call::make(Halide::Int(64), "syscall",
                   {number(kArchPrctl), number(kRequestPermission), number(permission)}, Call::Extern);
    return IfThenElse::make(status == number(0), ir_return(index));
}

Stmt probe_x86(const Target &target) {
    std::vector<Stmt> with_features;
    std::vector<Expr> without;
    std::set<std::pair<uint32_t, uint32_t>> leaves;
    const Expr saved = Variable::make(Halide::UInt(64), "saved_state");
    for (size_t i = 0; i < target.levels.size(); ++i) {
        const CpuRequirement &need = cpu_requirement(target.levels[i]->name);
        Expr all = (saved & ir_u64(need.xcr0)) == ir_u64(need.xcr0);
        for (const CpuidBit &b : need.bits) {
            all = all && bit(b.leaf, b.subleaf, b.reg, b.bit);
            leaves.emplace(b.leaf, b.subleaf);
        }
        with_features.push_back(
            IfThenElse::make(all, return_if_permitted(static_cast<int>(i), need.permission)));
        without.push_back(need.bits.empty() ? const_true() : const_false());
    }
    if (leaves.empty()) {
        return ir_return(0);
    }
    uint32_t last_leaf = 1;
    for (const auto &[leaf, subleaf] : leaves) {
        last_leaf = leaf < 0x80000000 ? std::max(last_leaf, leaf) : last_leaf;
    }
    leaves.erase({1, 0});
    with_features.push_back(ir_return(static_cast<int>(target.levels.size())));
    Stmt s = Block::make(with_features);
    for (const auto &[leaf, subleaf] : leaves) {
        s = with_cpuid(leaf, subleaf, s);
    }
    // xgetbv is an illegal instruction unless the system has switched it on.
    s = LetStmt::make("saved_state", Call::make(Halide::UInt(64), "llvm.x86.xgetbv", {0}, Call::Extern), s);
    const Expr highest = Variable::make(Halide::Int(32), register_name(0, 0, 0));
    s = IfThenElse::make(bit(1, 0, 2, kOsxsaveBit) && highest >= static_cast<int>(last_leaf), s,
                         ir_return(first_true(without)));
    s = with_cpuid(0, 0, with_cpuid(1, 0, s));
    return Allocate::make("registers", Halide::Int(32), Halide::MemoryType::Stack, {4}, const_true(), s);
}

Stmt probe_arm(const Target &target) {
    std::vector<Expr> has;
    const Expr hwcap = Variable::make(Halide::UInt(64), "hwcap");
    for (const CpuLevel *level : target.levels) {
        const Expr need = ir_u64(cpu_requirement(level->name).hwcap);
        has.push_back((hwcap & need) == need);
    }
    return LetStmt::make("hwcap", Call::make(Halide::UInt(64), "getauxval", {ir_u64(kAtHwcap)}, Call::Extern),
                         ir_return(first_true(has)));
}

}  // namespace

LoweredFunc make_cpu_probe(const std::string &name, const Target &target) {
    return ir_function(name, {}, target.architecture == "x86-64" ? probe_x86(target) : probe_arm(target));
}

}  // namespace quantide
