#pragma once
#include <Halide.h>

#include <string>
#include <vector>

namespace quantide {

// Small pieces of Halide IR for functions that are not pipelines. Such a function returns 0 unless an
// assertion in it fails, and then what the assertion says: that is how it returns any value.

inline Halide::Expr ir_u64(uint64_t value) {
    return Halide::Internal::UIntImm::make(Halide::UInt(64), value);
}

inline Halide::Expr ir_handle(const std::string &name) {
    return Halide::Internal::Variable::make(Halide::Handle(), name);
}

inline Halide::Expr ir_address(const Halide::Expr &pointer) {
    return Halide::reinterpret(Halide::UInt(64), pointer);
}

inline Halide::Expr ir_offset(const Halide::Expr &pointer, const Halide::Expr &bytes) {
    return Halide::reinterpret(Halide::Handle(), ir_address(pointer) + bytes);
}

/** A call of `int f(...)` by its symbol. */
inline Halide::Expr ir_call(const std::string &function, const std::vector<Halide::Expr> &arguments) {
    return Halide::Internal::Call::make(Halide::Int(32), function, arguments, Halide::Internal::Call::Extern);
}

/** Returns `value` unless `condition` holds. */
inline Halide::Internal::Stmt ir_require(const Halide::Expr &condition, const Halide::Expr &value) {
    return Halide::Internal::AssertStmt::make(condition, value);
}

inline Halide::Internal::Stmt ir_return(const Halide::Expr &value) {
    return ir_require(Halide::Internal::const_false(), value);
}

inline Halide::Internal::LoweredArgument ir_argument(const std::string &name, const Halide::Type &type) {
    return {name, Halide::Argument::InputScalar, type, 0, Halide::ArgumentEstimates{}};
}

/** `int name(arguments...)` with C linkage. */
inline Halide::Internal::LoweredFunc ir_function(
    const std::string &name, const std::vector<Halide::Internal::LoweredArgument> &arguments,
    const Halide::Internal::Stmt &body) {
    return {name, arguments, body, Halide::LinkageType::External, Halide::NameMangling::C};
}

}  // namespace quantide
