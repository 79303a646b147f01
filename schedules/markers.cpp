#include "schedules/markers.h"

namespace quantide {

namespace {

using namespace Halide::Internal;
using Halide::Expr;
using Halide::Target;
using Halide::Type;

constexpr const char *kBytePopcounts = "quantide_byte_popcounts";
constexpr const char *kByteSum = "quantide_byte_sum";
constexpr const char *kByteDot = "quantide_byte_dot";
constexpr const char *kBytePairDots = "quantide_byte_pair_dots";
constexpr const char *kFusedMultiplyAdd = "quantide_fused_multiply_add";

Expr as_bytes(const Expr &x, Type byte) {
    return Halide::reinterpret(byte.with_lanes(4 * x.type().lanes()), x);
}

Expr add_neighbours(VectorReduce::Operator op, const Expr &x, int count) {
    return VectorReduce::make(op, x, x.type().lanes() / count);
}

class SpellOut : public IRMutator {
public:
    explicit SpellOut(const Target &made_for) : target(made_for) {}

private:
    const Target target;

    using IRMutator::visit;

    Expr visit(const Call *op) override {
        const Expr call = IRMutator::visit(op);
        const auto *made = call.as<Call>();
        if (made == nullptr || made->call_type != Call::PureExtern) {
            return call;
        }
        if (made->name == kBytePopcounts) {
            return Halide::reinterpret(made->type,
                                       Halide::popcount(as_bytes(made->args[0], Halide::UInt(8))));
        }
        if (made->name == kByteSum) {
            return sum_of_bytes(made->args[0]);
        }
        if (made->name == kByteDot) {
            return dot(made->args[0], made->args[1], made->args[2]);
        }
        if (made->name == kFusedMultiplyAdd) {
            return multiply_add(made->args[0], made->args[1], made->args[2]);
        }
        return made->name == kBytePairDots ? pair_dots(made->args[0], made->args[1]) : call;
    }

    // Halide 21 has no node for it; LLVM takes its own intrinsic, one lane at a time, and makes vectors of
    // them again. Without the instruction it would call libm: there the exact product is added in binary64
    // and rounded to odd, so that the last rounding is the only one that counts (Boldo & Melquiond 2008).
    Expr multiply_add(const Expr &a, const Expr &b, const Expr &acc) const {
        if (target.arch == Target::ARM || target.has_feature(Target::FMA)) {
            return Call::make(acc.type(), "llvm.fma.f32", {a, b, acc}, Call::PureExtern);
        }
        const Type wide = acc.type().with_bits(64), bits = wide.with_code(Type::Int);
        const auto strict = [&](Call::IntrinsicOp op, const Expr &x, const Expr &y) {
            return Call::make(wide, op, {x, y}, Call::PureIntrinsic);
        };
        const std::string name = unique_name('f');
        const auto let = [&](const char *suffix) { return Variable::make(wide, name + suffix); };
        const Expr product = let(".product"), addend = let(".addend"), sum = let(".sum"), part = let(".part"),
                   error = let(".error");
        const Expr zero = make_zero(wide), one = make_one(bits);
        const Expr sum_bits = Halide::reinterpret(bits, sum);
        const Expr towards_error = Halide::select((error > zero) == (sum > zero), one, -one);
        const Expr inexact = (error > zero) || (error < zero);
        const Expr odd = sum_bits + Halide::select(inexact && (sum_bits & one) == make_zero(bits),
                                                   towards_error, make_zero(bits));
        Expr result = Halide::cast(acc.type(), Halide::reinterpret(wide, odd));
        // Knuth's TwoSum.
        result = Let::make(
            name + ".error",
            strict(Call::strict_add, strict(Call::strict_sub, product, strict(Call::strict_sub, sum, part)),
                   strict(Call::strict_sub, addend, part)),
            result);
        result = Let::make(name + ".part", strict(Call::strict_sub, sum, product), result);
        result = Let::make(name + ".sum", strict(Call::strict_add, product, addend), result);
        result = Let::make(name + ".addend", Halide::cast(wide, acc), result);
        return Let::make(name + ".product",
                         strict(Call::strict_mul, Halide::cast(wide, a), Halide::cast(wide, b)), result);
    }

    /** vpdpbusd, udot. */
    Expr dot(const Expr &acc, const Expr &x, const Expr &bits) {
        const Type byte = target.arch == Target::X86 ? Halide::Int(8) : Halide::UInt(8);
        const Expr products = widening_mul(as_bytes(x, Halide::UInt(8)), as_bytes(bits, byte));
        const Type wide = acc.type().with_lanes(products.type().lanes());
        return acc + add_neighbours(VectorReduce::Add, Halide::cast(wide, products), 4);
    }

    Expr sum_of_bytes(const Expr &x) {
        const Expr pairs = pair_dots(x, Halide::Internal::make_const(x.type(), 0x01010101));
        if (target.has_feature(Target::AVX2)) {  // vpmaddwd
            const Type number = Halide::Int(16, 2 * x.type().lanes());
            const Expr products = widening_mul(Halide::reinterpret(number, pairs), make_one(number));
            return Halide::reinterpret(x.type(), add_neighbours(VectorReduce::Add, products, 2));
        }
        return (pairs & Halide::Internal::make_const(x.type(), 0xffff)) + (pairs >> 16);
    }

    Expr pair_dots(const Expr &x, const Expr &bits) {
        if (target.has_feature(Target::AVX2)) {  // vpmaddubsw
            const Expr products = widening_mul(as_bytes(x, Halide::UInt(8)), as_bytes(bits, Halide::Int(8)));
            return Halide::reinterpret(x.type(), add_neighbours(VectorReduce::SaturatingAdd, products, 2));
        }
        if (target.arch == Target::ARM) {  // umull, addp
            const Expr products = widening_mul(as_bytes(x, Halide::UInt(8)), as_bytes(bits, Halide::UInt(8)));
            return Halide::reinterpret(x.type(), add_neighbours(VectorReduce::Add, products, 2));
        }
        const Expr even = Halide::Internal::make_const(x.type(), 0x00ff00ff);
        const Expr masked = x & ((bits << 8) - bits);
        return (masked & even) + ((masked >> 8) & even);
    }
};

Expr call(Type type, const char *name, const std::vector<Expr> &args) {
    return Call::make(type, name, args, Call::PureExtern);
}

}  // namespace

Expr byte_popcounts(const Expr &x) { return call(x.type(), kBytePopcounts, {x}); }

Expr byte_sum(const Expr &x) { return call(x.type(), kByteSum, {x}); }

Expr byte_dot(const Expr &acc, const Expr &x, const Expr &bits) {
    return call(acc.type(), kByteDot, {acc, x, bits});
}

Expr byte_pair_dots(const Expr &x, const Expr &bits) { return call(x.type(), kBytePairDots, {x, bits}); }

Expr fused_multiply_add(const Expr &a, const Expr &b, const Expr &acc) {
    return call(acc.type(), kFusedMultiplyAdd, {a, b, acc});
}

void lower_markers(Halide::Pipeline &pipeline, const Halide::Target &target) {
    pipeline.add_custom_lowering_pass(new SpellOut(target));
}

}  // namespace quantide
