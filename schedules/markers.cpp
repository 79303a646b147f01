#include "schedules/markers.h"

namespace quantide {

namespace {

using namespace Halide::Internal;
using Halide::Expr;
using Halide::Target;
using Halide::Type;

constexpr const char *kBytePopcounts = "quantide_byte_popcounts";
constexpr const char *kByteDot = "quantide_byte_dot";
constexpr const char *kBytePairDots = "quantide_byte_pair_dots";

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
        if (made->name == kByteDot) {
            return dot(made->args[0], made->args[1], made->args[2]);
        }
        return made->name == kBytePairDots ? pair_dots(made->args[0], made->args[1]) : call;
    }

    /** vpdpbusd, udot. */
    Expr dot(const Expr &acc, const Expr &x, const Expr &bits) {
        const Type byte = target.arch == Target::X86 ? Halide::Int(8) : Halide::UInt(8);
        const Expr products = widening_mul(as_bytes(x, Halide::UInt(8)), as_bytes(bits, byte));
        const Type wide = acc.type().with_lanes(products.type().lanes());
        return acc + add_neighbours(VectorReduce::Add, Halide::cast(wide, products), 4);
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

Expr byte_dot(const Expr &acc, const Expr &x, const Expr &bits) {
    return call(acc.type(), kByteDot, {acc, x, bits});
}

Expr byte_pair_dots(const Expr &x, const Expr &bits) { return call(x.type(), kBytePairDots, {x, bits}); }

void lower_markers(Halide::Pipeline &pipeline, const Halide::Target &target) {
    pipeline.add_custom_lowering_pass(new SpellOut(target));
}

}  // namespace quantide
