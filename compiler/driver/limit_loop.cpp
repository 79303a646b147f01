#include "compiler/driver/limit_loop.h"

#include "compiler/codegen/jit.h"
#include "compiler/ir/array.h"
#include "schedules/kernel.h"
#include "schedules/markers.h"
#include "schedules/tiles.h"

#include <HalideBuffer.h>

#include <algorithm>

namespace quantide {

namespace {

using Halide::Expr;

/** Sums at once: two units of a latency of four keep eight busy, of five (vpdpbusd) ten, where there are
 * registers for them. */
int accumulators_of(const Halide::Target &target) {
    return target.natural_vector_size<uint8_t>() == 64 || target.arch == Halide::Target::ARM ? 16 : 8;
}

constexpr int kSteps = 32, kRounds = 64;
/** Of products of tiles: rows and outputs of a block, and steps whose operands, 4 KiB each, stay in L1. */
constexpr int kTileOutputs = 32, kTileSteps = 8;

/** One accumulation of an arithmetic, on elements of `bits` bits. */
struct Accumulation {
    const char *level;  ///< null: any; else also of levels whose code is otherwise this one's
    const char *arithmetic;
    Halide::Type type;
    int operations;                                                       ///< per element
    Expr (*next)(const Expr &accumulator, const Expr &a, const Expr &b);  ///< null: by tiles
};

// Sums may wrap: what a real kernel does against that is not part of the limit.
const Accumulation kAccumulations[] = {
    {"amx", "amx", Halide::Int(32), 0, nullptr},
    {"amx", "amx bfloat16", Halide::Float(32), 0, nullptr},

    {"avx512", "popcount", Halide::UInt(32), 64,
     [](const Expr &s, const Expr &a, const Expr &b) { return s + popcount(a ^ b); }},
    {nullptr, "popcount", Halide::UInt(8), 16,
     [](const Expr &s, const Expr &a, const Expr &b) { return s + popcount(a ^ b); }},

    {"avx512", "vnni", Halide::Int(32), 8, byte_dot},
    {"dotprod", "dot", Halide::UInt(32), 8, byte_dot},
    {"avx2", "maddubs", Halide::UInt(32), 8, byte_pair_dots},
    {"avx512", "dpwssd", Halide::Int(32), 4, short_dot},
    {"avx2", "maddwd", Halide::Int(32), 4, short_dot},
    {"baseline", "maddwd", Halide::Int(32), 4, short_dot},
    {"neon", "umull", Halide::UInt(32), 8, byte_pair_dots},
    {"baseline", "masked add", Halide::UInt(32), 8, byte_pair_dots},
    {nullptr, "table look-up", Halide::Float(32), 8,
     [](const Expr &s, const Expr &a, const Expr &) { return s + a; }},
    {nullptr, "byte add", Halide::UInt(8), 2,
     [](const Expr &s, const Expr &a, const Expr &b) { return s + (a ^ b); }},
    {nullptr, "float32", Halide::Float(32), 2,
     [](const Expr &s, const Expr &a, const Expr &b) { return s + a * b; }},
};

const Accumulation *find_accumulation(const CpuLevel &level, const std::string &arithmetic) {
    const auto *found =
        std::find_if(std::begin(kAccumulations), std::end(kAccumulations), [&](const Accumulation &row) {
            return arithmetic == row.arithmetic &&
                   (row.level == nullptr || row.level == std::string(level.name) ||
                    (level.otherwise != nullptr && row.level == std::string(level.otherwise)));
        });
    return found == std::end(kAccumulations) ? nullptr : found;
}

Kernel limit_kernel(const Halide::Target &target, const Halide::ImageParam &a, const Halide::ImageParam &b,
                    const Halide::Func &out) {
    Kernel kernel;
    kernel.signature = "limit";
    kernel.target = target;
    kernel.inputs = {a, b};
    kernel.outputs = {out};
    return kernel;
}

Kernel make_kernel(const Accumulation &accumulation, const Halide::Target &target, int lanes) {
    const int accumulators = accumulators_of(target);
    Halide::Var lane("lane"), j("j");
    Halide::ImageParam a(accumulation.type, 3, "a"), b(accumulation.type, 1, "b");
    const Halide::RDom r(0, kSteps * kRounds, "r");
    Halide::Func sum("sum"), out("out");
    sum(lane, j) = Halide::cast(accumulation.type, 0);
    sum(lane, j) = accumulation.next(sum(lane, j), a(lane, j, r % kSteps), b(lane));
    out(lane, j) = sum(lane, j);
    a.dim(0).set_bounds(0, lanes);
    a.dim(1).set_bounds(0, accumulators).set_stride(lanes);
    a.dim(2).set_bounds(0, kSteps).set_stride(lanes * accumulators);
    b.dim(0).set_bounds(0, lanes);

    out.bound(lane, 0, lanes).bound(j, 0, accumulators).vectorize(lane).unroll(j);
    sum.compute_at(out, Halide::Var::outermost())
        .store_in(Halide::MemoryType::Stack)
        .vectorize(lane)
        .unroll(j);
    sum.update().reorder({lane, j, r}).vectorize(lane).unroll(j);
    return limit_kernel(target, a, b, out);
}

/** Products of 2 x 2 tiles, of operands in L1: a(number of a row, row, step) times b(output, number, step).
 */
Kernel make_tile_kernel(Halide::Type type, const Halide::Target &target) {
    Halide::Var lane("lane"), row("row"), inner("inner");
    const Halide::Type operand = type.is_float() ? Halide::UInt(32) : type;
    Halide::ImageParam a(operand, 3, "a"), b(operand, 3, "b");
    const Halide::RDom r({{0, 8}, {0, 2}, {0, kTileSteps * kRounds}}, "r");
    Halide::Func sum("sum"), out("out");
    sum(lane, row) = Halide::cast(type, 0);
    const Expr number = r.x + 8 * r.y, step = r.z % kTileSteps;
    const auto dot = type.is_float() ? bfloat16_dot : byte_dot;
    sum(lane, row) = dot(sum(lane, row), a(number, row, step), b(lane, number, step));
    out(lane, row) = sum(lane, row);
    a.dim(0).set_bounds(0, 16);
    a.dim(1).set_bounds(0, kTileOutputs).set_stride(16);
    a.dim(2).set_stride(16 * kTileOutputs);
    b.dim(0).set_bounds(0, kTileOutputs);
    b.dim(1).set_bounds(0, 16).set_stride(kTileOutputs);
    b.dim(2).set_stride(16 * kTileOutputs);

    out.bound(lane, 0, kTileOutputs).bound(row, 0, kTileOutputs).vectorize(lane, 16);
    sum.compute_at(out, Halide::Var::outermost()).store_in(Halide::MemoryType::Stack).vectorize(lane, 16);
    Halide::Stage update = sum.update();
    update.rename(r.x, tile_loops::bit).rename(r.y, tile_loops::half).rename(r.z, tile_loops::step);
    update.split(row, tile_loops::rows, tile_loops::row, 16)
        .split(lane, tile_loops::outputs, lane, 16)
        .reorder({lane, tile_loops::bit, tile_loops::half, tile_loops::row, tile_loops::outputs,
                  tile_loops::rows, tile_loops::step})
        .vectorize(lane);
    return limit_kernel(target, a, b, out);
}

/** A kernel and its operands. */
struct Loop {
    explicit Loop(const Kernel &kernel) : code(kernel) {}
    JitKernel code;
    AlignedBytes a, b, out;
};

}  // namespace

namespace {

LimitLoop make_tile_loop(const CpuLevel &level, const Accumulation &row, const Halide::Target &target) {
    constexpr int kNumbers = 16 * kTileOutputs * kTileSteps;
    const int in_lane = row.type.is_float() ? 2 : 4;
    auto loop = std::make_shared<Loop>(make_tile_kernel(row.type, target));
    loop->a = AlignedBytes(4 * kNumbers);
    loop->b = AlignedBytes(4 * kNumbers);
    loop->out = AlignedBytes(4 * kTileOutputs * kTileOutputs);
    return {fmt::format("{}/{}", level.name, row.arithmetic),
            2.0 * kTileOutputs * kTileOutputs * 16 * in_lane * kTileSteps * kRounds,
            [loop, result = halide_type_t(row.type)] {
                const halide_type_t type =
                    result.code == halide_type_float ? halide_type_of<uint32_t>() : result;
                Halide::Runtime::Buffer<> a(type, loop->a.data(), 16, kTileOutputs, kTileSteps);
                Halide::Runtime::Buffer<> b(type, loop->b.data(), kTileOutputs, 16, kTileSteps);
                Halide::Runtime::Buffer<> out(result, loop->out.data(), kTileOutputs, kTileOutputs);
                halide_buffer_t *const operands[] = {a.raw_buffer(), b.raw_buffer(), out.raw_buffer()};
                loop->code.run(operands);
            }};
}

}  // namespace

std::optional<LimitLoop> make_limit_loop(const CpuLevel &level, const std::string &arithmetic) {
    const Accumulation *row = find_accumulation(level, arithmetic);
    if (row == nullptr) {
        return std::nullopt;
    }
    const Halide::Target target = Halide::Target(std::string(level.architecture) + "-linux" + level.features)
                                      .with_feature(Halide::Target::NoRuntime)
                                      .with_feature(Halide::Target::NoAsserts)
                                      .with_feature(Halide::Target::NoBoundsQuery);
    if (row->next == nullptr) {
        return make_tile_loop(level, *row, target);
    }
    const int lanes = target.natural_vector_size(row->type);
    const int accumulators = accumulators_of(target);
    auto loop = std::make_shared<Loop>(make_kernel(*row, target, lanes));
    const auto filled = [&](int elements, uint8_t with) {
        AlignedBytes memory(static_cast<size_t>(elements) * static_cast<size_t>(row->type.bytes()));
        std::fill(memory.begin(), memory.end(), std::byte{with});
        return memory;
    };
    // Bytes that are small numbers as float32 too.
    loop->a = filled(lanes * accumulators * kSteps, 0x3d);
    loop->b = filled(lanes, 0x3c);
    loop->out = filled(lanes * accumulators, 0);
    return LimitLoop{
        fmt::format("{}/{}", level.name, arithmetic),
        static_cast<double>(row->operations) * lanes * accumulators * kSteps * kRounds,
        [loop, lanes, accumulators, type = row->type] {
            Halide::Runtime::Buffer<> a(type, loop->a.data(), lanes, accumulators, kSteps);
            Halide::Runtime::Buffer<> b(type, loop->b.data(), lanes);
            Halide::Runtime::Buffer<> out(type, loop->out.data(), lanes, accumulators);
            halide_buffer_t *const operands[] = {a.raw_buffer(), b.raw_buffer(), out.raw_buffer()};
            loop->code.run(operands);
        }};
}

std::vector<std::string> limited_arithmetics(const CpuLevel &level) {
    std::vector<std::string> result;
    for (const Accumulation &row : kAccumulations) {
        if (find_accumulation(level, row.arithmetic) == &row) {
            result.emplace_back(row.arithmetic);
        }
    }
    return result;
}

}  // namespace quantide
