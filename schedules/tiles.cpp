#include "schedules/tiles.h"

#include "compiler/base/error.h"

#include <array>
#include <map>

namespace quantide {

namespace {

using namespace Halide::Internal;
using Halide::Expr;
using Halide::Type;

constexpr int kRows = 16, kBytes = 64, kNumbers = kRows * kBytes / 4;  // of a tile register

/** The last part of a loop's name, if a tile's loop has that name; else "". */
std::string tile_loop(const std::string &loop) {
    const std::string name = loop.substr(loop.rfind('.') + 1);
    return name.starts_with("tile_") ? name : "";
}

Expr substitute_lets(const std::vector<std::pair<std::string, Expr>> &lets, Expr e) {
    for (size_t i = lets.size(); i-- > 0;) {
        e = substitute(lets[i].first, lets[i].second, e);
    }
    return e;
}

/** 32 bits that every one of a vector's lanes reads, or successive ones. */
struct Operand {
    std::string buffer;
    Expr offset;  ///< of the first lane, in bytes
    Type type;

    /** `e`, a load or a packed lane, perhaps broadcast. */
    explicit Operand(Expr e) {
        if (const auto *broadcast = e.as<Broadcast>()) {
            e = broadcast->value;
        }
        type = e.type();
        const auto *lane = e.as<Call>();
        const Load *load = load_of(lane == nullptr ? e : lane->args[0]);
        for (size_t i = 1; lane != nullptr && i < lane->args.size(); ++i) {
            const Expr apart = simplify(load_of(lane->args[i])->index - load->index);
            internal_check(is_const(apart, static_cast<int64_t>(i)), "a tile's elements are apart");
        }
        buffer = load->name;
        const auto *ramp = load->index.as<Ramp>();
        internal_check(ramp == nullptr || is_const_one(ramp->stride), "a tile's outputs are apart");
        offset = (ramp == nullptr ? load->index : ramp->base) * load->type.bytes();
    }

private:
    static const Load *load_of(const Expr &e) {
        const auto *load = e.as<Load>();
        internal_check(load != nullptr, "a tile's operand is no load");
        return load;
    }
};

/** The loops around one store of a dot product, from the outermost that has a tile loop's name on. */
class Nest {
public:
    explicit Nest(const For *outermost) {
        Stmt s = outermost;
        while (!s.as<Store>()) {
            if (const auto *let = s.as<LetStmt>()) {
                lets.emplace_back(let->name, let->value);
                s = let->body;
            } else {
                const auto *loop = s.as<For>();
                internal_check(loop != nullptr && !tile_loop(loop->name).empty() && is_const_zero(loop->min),
                               "no nest of tile loops: {}", outermost->name);
                loops[tile_loop(loop->name)] = loop;
                s = loop->body;
            }
        }
        store = s.as<Store>();
        Expr value = store->value;
        while (const auto *let = value.as<Let>()) {
            lets.emplace_back(let->name, let->value);
            value = let->body;
        }
        product = substitute_lets(lets, value);
        call = product.as<Call>();
        internal_check(call != nullptr && call->args.size() == 3 && call->type.lanes() == kRows,
                       "no product in a nest of tile loops: {}", outermost->name);
    }

    Stmt lowered() const {
        const Operand sum(call->args[0]), x(call->args[1]), w(call->args[2]);
        check_extent("tile_bit", 8);
        check_extent("tile_half", 2);
        check_extent("tile_row", kRows);
        // 16 lanes of 4 bytes are a row of the inputs' tile, and the rows of the weights'.
        check_stride(x, "tile_bit", 4);
        check_stride(x, "tile_half", 32);
        const Expr w_stride = stride(w, "tile_bit");
        internal_check(is_const_zero(simplify(stride(w, "tile_half") - 8 * w_stride)),
                       "the halves of weights of a tile are apart");
        const Expr x_stride = stride(x, "tile_row"), sum_stride = stride(sum, "tile_row");

        const int row_tiles = extent("tile_rows"), output_tiles = extent("tile_outputs");
        const Type numbers = product.type().with_lanes(kNumbers);
        const auto register_of = [&](int i, int j) { return fmt::format("{}.tile{}{}", store->name, i, j); };
        const auto held = [&](int i, int j) {
            return Load::make(numbers, register_of(i, j), ramp(), {}, {}, const_true(kNumbers), {});
        };
        const auto hold = [&](int i, int j, const Expr &value) {
            return Store::make(register_of(i, j), value, ramp(), Halide::Parameter(), const_true(kNumbers),
                               ModulusRemainder());
        };
        const auto x_of = [&](int i) {
            return Variable::make(type_of(x), fmt::format("{}.tile_x{}", store->name, i));
        };
        const auto w_of = [&](int j) {
            return Variable::make(type_of(w), fmt::format("{}.tile_w{}", store->name, j));
        };
        std::vector<Stmt> load, multiply, save;
        for (int i = 0; i < row_tiles; ++i) {
            for (int j = 0; j < output_tiles; ++j) {
                const Expr memory = at(sum, i, j, 0);
                load.push_back(hold(i, j,
                                    Halide::reinterpret(numbers, tile_load(Halide::Int(8, 4 * kNumbers),
                                                                           sum.buffer, memory, sum_stride))));
                multiply.push_back(hold(i, j,
                                        Call::make(numbers, "tile_matmul",
                                                   {short_of(kRows), short_of(kBytes), short_of(kBytes),
                                                    held(i, j), x_of(i), w_of(j)},
                                                   Call::Intrinsic)));
                save.push_back(Evaluate::make(Call::make(
                    Halide::Int(32), "tile_store",
                    {short_of(kRows), short_of(kBytes), Variable::make(Halide::Handle(), store->name),
                     wide(memory), wide(sum_stride), held(i, j)},
                    Call::Intrinsic)));
            }
        }
        const auto step = loops.find("tile_step");
        const Expr k = step == loops.end() ? Expr(0) : Variable::make(Halide::Int(32), step->second->name);
        Stmt body = Block::make(multiply);
        for (int i = row_tiles; i-- > 0;) {
            body = LetStmt::make(x_of(i).as<Variable>()->name,
                                 tile_load(type_of(x), x.buffer, at(x, i, 0, k), x_stride), body);
        }
        for (int j = output_tiles; j-- > 0;) {
            body = LetStmt::make(w_of(j).as<Variable>()->name,
                                 tile_load(type_of(w), w.buffer, at(w, 0, j, k), w_stride), body);
        }
        if (step != loops.end()) {
            body = For::make(step->second->name, 0, step->second->extent, ForType::Serial,
                             Halide::Partition::Never, Halide::DeviceAPI::None, body);
        }
        Stmt all = Block::make({Block::make(load), body, Block::make(save)});
        for (int i = 0; i < row_tiles; ++i) {
            for (int j = 0; j < output_tiles; ++j) {
                all = Allocate::make(register_of(i, j), numbers, Halide::MemoryType::AMXTile, {1},
                                     const_true(), all);
            }
        }
        return all;
    }

private:
    std::map<std::string, const For *> loops;
    std::vector<std::pair<std::string, Expr>> lets;
    const Store *store = nullptr;
    Expr product;
    const Call *call = nullptr;  ///< the same

    static Expr ramp() { return Ramp::make(0, 1, kNumbers); }
    static Expr short_of(int value) { return Halide::Internal::make_const(Halide::Int(16), value); }
    static Expr wide(const Expr &bytes) { return Halide::cast<int64_t>(bytes); }
    /** Of a tile of an operand. */
    Type type_of(const Operand &of) const {
        if (product.type().is_float()) {
            return Halide::BFloat(16, 2 * kNumbers);
        }
        return (of.type.is_int() ? Halide::Int(8) : Halide::UInt(8)).with_lanes(4 * kNumbers);
    }
    static Expr tile_load(const Type &type, const std::string &buffer, const Expr &offset,
                          const Expr &stride) {
        return Call::make(type, "tile_load",
                          {short_of(kRows), short_of(kBytes), Variable::make(Halide::Handle(), buffer),
                           wide(offset), wide(stride)},
                          Call::Intrinsic);
    }

    int extent(const std::string &name) const {
        const auto loop = loops.find(name);
        if (loop == loops.end()) {
            return 1;
        }
        const auto value = as_const_int(loop->second->extent);
        internal_check(value && *value >= 1 && *value <= kRows, "a tile's loop {} has no fixed extent", name);
        return static_cast<int>(*value);
    }
    void check_extent(const std::string &name, int expected) const {
        internal_check(extent(name) == expected, "a tile's loop {} has not {} steps", name, expected);
    }

    /** An operand's offset with the loops at the given steps, those not named at 0. */
    Expr offset_at(const Operand &operand, const std::map<std::string, Expr> &steps) const {
        std::map<std::string, Expr> values;
        for (const auto &[name, loop] : loops) {
            const auto found = steps.find(name);
            values[loop->name] = found == steps.end() ? Expr(0) : found->second;
        }
        return simplify(substitute(values, operand.offset));
    }
    Expr at(const Operand &operand, int row_tile, int output_tile, const Expr &step) const {
        return offset_at(operand,
                         {{"tile_rows", row_tile}, {"tile_outputs", output_tile}, {"tile_step", step}});
    }

    /** How many bytes a loop's step is, the same everywhere. */
    Expr stride(const Operand &operand, const std::string &name) const {
        std::map<std::string, Expr> here;
        for (const auto &entry : loops) {
            here[entry.first] = Variable::make(Halide::Int(32), entry.second->name);
        }
        std::map<std::string, Expr> next = here;
        next[name] = here.at(name) + 1;
        const Expr result = simplify(offset_at(operand, next) - offset_at(operand, here));
        for (const auto &entry : loops) {
            internal_check(!expr_uses_var(result, entry.second->name),
                           "a tile's {} are not equally far apart", name);
        }
        return result;
    }
    void check_stride(const Operand &operand, const std::string &name, int expected) const {
        internal_check(is_const(stride(operand, name), expected), "a tile's {} are not {} apart", name,
                       expected);
    }
};

class LowerTiles : public IRMutator {
    using IRMutator::visit;

    Stmt visit(const For *op) override {
        return tile_loop(op->name).empty() ? IRMutator::visit(op) : Nest(op).lowered();
    }
};

}  // namespace

void lower_tiles(Halide::Pipeline &pipeline) { pipeline.add_custom_lowering_pass(new LowerTiles); }

}  // namespace quantide
