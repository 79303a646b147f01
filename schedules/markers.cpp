#include "schedules/markers.h"

#include "compiler/base/error.h"

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
constexpr const char *kPairSum = "quantide_pair_sum";
constexpr const char *kShortDot = "quantide_short_dot";
constexpr const char *kPackedLane = "quantide_packed_lane";
constexpr const char *kBfloat16Dot = "quantide_bfloat16_dot";
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
        if (made->name == kShortDot) {
            return short_dot_of(made->args[0], made->args[1], made->args[2]);
        }
        if (made->name == kPackedLane) {
            return packed(made->type, made->args);
        }
        if (made->name == kBfloat16Dot) {
            return bfloat16_dot_of(made->args[0], made->args[1], made->args[2]);
        }
        if (made->name == kFusedMultiplyAdd) {
            return multiply_add(made->args[0], made->args[1], made->args[2]);
        }
        if (made->name == kPairSum) {
            return sum_of_pairs(made->args[0]);
        }
        return made->name == kBytePairDots ? pair_dots(made->args[0], made->args[1], made->args[2]) : call;
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

    /** The products of the bytes of two lanes, of 16 bits. */
    Expr byte_products(const Expr &x, const Expr &w) const {
        const bool is_x86 = target.arch == Target::X86, swapped = is_x86 && x.type().is_int();
        const Expr first = swapped ? w : x, second = swapped ? x : w;
        const auto byte = [](bool is_signed) { return is_signed ? Halide::Int(8) : Halide::UInt(8); };
        return widening_mul(as_bytes(first, byte(!is_x86 && first.type().is_int())),
                            as_bytes(second, byte(is_x86 || second.type().is_int())));
    }

    /** vpdpbusd, udot, sdot. */
    Expr dot(const Expr &acc, const Expr &x, const Expr &w) const {
        const Expr products = byte_products(x, w);
        const Type wide = acc.type().with_lanes(products.type().lanes());
        return acc + add_neighbours(VectorReduce::Add, Halide::cast(wide, products), 4);
    }

    /** vpmaddwd, vpdpwssd, smull. */
    static Expr short_dot_of(const Expr &acc, const Expr &a, const Expr &b) {
        const Type number = Halide::Int(16, 2 * acc.type().lanes());
        const Expr products = widening_mul(Halide::reinterpret(number, a), Halide::reinterpret(number, b));
        return acc + add_neighbours(VectorReduce::Add, products, 2);
    }

    static Expr packed(Type lane, const std::vector<Expr> &elements) {
        Expr result = Halide::cast(lane, elements[0]);
        for (size_t i = 1; i < elements.size(); ++i) {
            const int shift = static_cast<int>(i) * elements[i].type().bits();
            result = result | (Halide::cast(lane, elements[i]) << shift);
        }
        return result;
    }

    static Expr bfloat16_dot_of(const Expr &acc, const Expr &x, const Expr &w) {
        const auto number = [&](const Expr &bits) { return Halide::reinterpret(acc.type(), bits); };
        const Expr high = Halide::Internal::make_const(x.type(), 0xffff0000);
        return acc + number(x << 16) * number(w << 16) + number(x & high) * number(w & high);
    }

    Expr sum_of_bytes(const Expr &x) const {
        const Type one = target.arch == Target::X86 ? x.type().with_code(Type::UInt) : x.type();
        const Expr sums = pair_dots(make_zero(x.type()), x, Halide::Internal::make_const(one, 0x01010101));
        return sum_of_pairs(Halide::reinterpret(x.type().with_code(Type::Int), sums));
    }

    Expr sum_of_pairs(const Expr &x) const {
        if (target.has_feature(Target::AVX2) && x.type().is_int()) {  // vpmaddwd
            const Type number = Halide::Int(16, 2 * x.type().lanes());
            const Expr products = widening_mul(Halide::reinterpret(number, x), make_one(number));
            return add_neighbours(VectorReduce::Add, products, 2);
        }
        // An arithmetic shift brings the sign of a signed field.
        return Halide::reinterpret(x.type().with_code(Type::Int), ((x << 16) >> 16) + (x >> 16));
    }

    Expr pair_dots(const Expr &acc, const Expr &x, const Expr &w) const {
        const auto field = [&](const Expr &e) {
            return Halide::reinterpret(
                (acc.type().is_int() ? Halide::Int(16) : Halide::UInt(16)).with_lanes(2 * acc.type().lanes()),
                e);
        };
        if (target.has_feature(Target::AVX2) || target.arch == Target::ARM) {  // vpmaddubsw; umull, addp
            const VectorReduce::Operator op =
                target.arch == Target::X86 ? VectorReduce::SaturatingAdd : VectorReduce::Add;
            const Expr sums = add_neighbours(op, byte_products(x, w), 2);
            return Halide::reinterpret(acc.type(), field(acc) + field(sums));
        }
        const Expr even = Halide::Internal::make_const(x.type(), 0x00ff00ff);
        const Expr masked = x & ((w << 8) - w);
        return acc + ((masked & even) + ((masked >> 8) & even));
    }
};

Expr call(Type type, const char *name, const std::vector<Expr> &args) {
    return Call::make(type, name, args, Call::PureExtern);
}

}  // namespace

Expr byte_popcounts(const Expr &x) { return call(x.type(), kBytePopcounts, {x}); }

Expr byte_sum(const Expr &x) { return call(x.type().with_code(Type::Int), kByteSum, {x}); }

Expr byte_dot(const Expr &acc, const Expr &x, const Expr &w) {
    return call(acc.type(), kByteDot, {acc, x, w});
}

Expr short_dot(const Expr &acc, const Expr &a, const Expr &b) {
    return call(acc.type(), kShortDot, {acc, a, b});
}

Expr byte_pair_dots(const Expr &acc, const Expr &x, const Expr &w) {
    return call(acc.type(), kBytePairDots, {acc, x, w});
}

Expr pair_sum(const Expr &x) { return call(x.type().with_code(Type::Int), kPairSum, {x}); }

Expr packed_lane(const std::vector<Expr> &elements) {
    internal_check(elements.size() * static_cast<size_t>(elements[0].type().bits()) == 32,
                   "{} elements are no lane", elements.size());
    return call(Halide::UInt(32), kPackedLane, elements);
}

Expr bfloat16_dot(const Expr &acc, const Expr &x, const Expr &w) {
    return call(acc.type(), kBfloat16Dot, {acc, x, w});
}

Expr fused_multiply_add(const Expr &a, const Expr &b, const Expr &acc) {
    return call(acc.type(), kFusedMultiplyAdd, {a, b, acc});
}

void lower_markers(Halide::Pipeline &pipeline, const Halide::Target &target) {
    pipeline.add_custom_lowering_pass(new SpellOut(target));
}

}  // namespace quantide
