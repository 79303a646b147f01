#include "schedules/families.h"
#include "schedules/panels.h"
#include "schedules/tiles.h"

namespace quantide {

using namespace loops;
using Halide::Func;
using Halide::LoopLevel;
using Halide::MemoryType;
using Halide::RVar;
using Halide::Stage;
using Halide::TailStrategy;
using Halide::Var;
using Halide::VarOrRVar;

namespace {

constexpr int kMostChannels = 8;

// Two vectors of outputs by some channels, which lie a row apart in the image of bytes, make a register tile
// for every tap; a block of rows of some images stays in L1, and their sums in L2.
void schedule_bytes(const Kernel &kernel, const LoopLevel &at) {
    const int vector = kernel.target.natural_vector_size<float>();
    int channels = kMostChannels;
    while (kernel.channels % channels != 0) {
        --channels;
    }
    Func product = find_stage(kernel, "product"), sum = find_stage(kernel, "sum"),
         partial = find_stage(kernel, "partial"), terms = find_stage(kernel, "terms"),
         bytes = find_stage(kernel, "bytes");
    const auto of_outputs = [&](Stage s) { s.vectorize(lane, vector).unroll(lane); };
    for (Func f : {product, sum, terms}) {
        f.bound(lane, 0, 32);
        of_outputs(f);
    }
    product.compute_at(at);
    sum.compute_at(at);
    const Var c = sum.args()[1], tap = sum.args()[2], panels = sum.args()[3];
    const std::vector<RVar> blocks = sum.rvars(), positions = partial.rvars();
    sum.update()
        .split(c, tile, inner, channels)
        .reorder({lane, inner, tap, tile, blocks[0], blocks[1], panels})
        .unroll(inner);
    of_outputs(sum.update());
    terms.compute_at(sum, blocks[0]);
    partial.compute_at(sum, tap).store_in(MemoryType::Register);
    of_outputs(partial.unroll(c));
    partial.update().reorder({lane, c, positions[0], positions[1], positions[2]}).unroll(c);
    of_outputs(partial.update());
    const Var row = bytes.args()[0], channel = bytes.args()[1];
    bytes.compute_root()
        .split(channel, tile, inner, channels)
        .reorder(inner, row, tile, bytes.args()[2], bytes.args()[3])
        .vectorize(row, vector, TailStrategy::ShiftInwards)
        .unroll(inner);
    if (kernel.parallel) {
        bytes.parallel(bytes.args()[3]);
    }
}

// A block of images at a time, whose gradients become lanes first: their sums in tiles, which lie in L2
// between blocks. Channels of a word of codes share its way there.
void schedule_raster(const Kernel &kernel, const LoopLevel &at) {
    constexpr int kChannels = 8;
    const int vector = kernel.target.natural_vector_size<float>();
    Func product = find_stage(kernel, "product"), sum = find_stage(kernel, "sum"),
         terms = find_stage(kernel, "terms"), raster = find_stage(kernel, "raster");
    for (Func f : {product, sum, terms}) {
        f.bound(lane, 0, 32).vectorize(lane, vector).unroll(lane);
    }
    product.compute_at(at);
    sum.compute_at(at);
    const Var c = sum.args()[1], tap = sum.args()[2], panels = sum.args()[3];
    const std::vector<RVar> r = sum.rvars();
    split_tiles(sum.update(), r, c, {.rows = 32, .vector = vector}, {tap, r[3], panels});
    const Var plane = terms.args()[1], quad = terms.args()[2];
    terms.compute_at(sum, r[3]).bound(plane, 0, kernel.plane_pairs).unroll(plane);
    terms.reorder_storage({lane, quad, plane, terms.args()[3], terms.args()[4]});
    const Var place = raster.args()[0], channel = raster.args()[1], image = raster.args()[2];
    raster.compute_root()
        .split(channel, tile, inner, kChannels)
        .reorder(inner, place, tile, image)
        .vectorize(place, vector, TailStrategy::RoundUp)
        .unroll(inner);
    if (kernel.parallel) {
        raster.parallel(image);
    }
}

// Two vectors of outputs by some of the (column, channel) pairs of a row of the kernel, which lie beside each
// other in the image, make a register tile; a block of rows of the image and of dy stay in L1. With tables
// all outputs of a panel are looked up together.
void schedule_numbers(const Kernel &kernel, const LoopLevel &at) {
    const int vector = kernel.target.natural_vector_size<float>();
    const int most = kernel.target.has_feature(Halide::Target::AVX512_Skylake) ? 12 : 6;
    Func product = find_stage(kernel, "product"), sum = find_stage(kernel, "sum"),
         partial = find_stage(kernel, "partial"), tables = find_stage(kernel, "tables");
    int pairs = tables.defined() ? 1 : most;
    while (kernel.k % pairs != 0) {
        --pairs;
    }
    const Var k = sum.args()[1], panels = sum.args()[2];
    product.compute_at(at);
    product.bound(lane, 0, 32).vectorize(lane, vector).unroll(lane);
    sum.compute_at(at);
    sum.bound(lane, 0, 32).vectorize(lane, vector).unroll(lane);
    const std::vector<RVar> blocks = sum.rvars();
    sum.update()
        .split(lane, chunk, lane, tables.defined() ? 32 : 2 * vector, TailStrategy::RoundUp)
        .split(k, tile, inner, pairs, TailStrategy::RoundUp)
        .reorder(lane, inner, chunk, tile, blocks[0], blocks[1], panels)
        .vectorize(lane, vector)
        .unroll(lane)
        .unroll(inner);
    const std::vector<RVar> positions = partial.rvars();
    partial.compute_at(sum, chunk).store_in(MemoryType::Stack);
    const int lanes = kernel.target.natural_vector_size(partial.type());
    partial.vectorize(lane, lanes).unroll(lane).unroll(k);
    partial.update()
        .reorder(lane, k, positions[0], positions[1])
        .vectorize(lane, lanes)
        .unroll(lane)
        .unroll(k);
    Func terms = find_stage(kernel, "terms");
    terms.bound(lane, 0, 32).compute_at(sum, blocks[0]).vectorize(lane, vector).unroll(lane);
    if (Func padded = find_stage(kernel, "padded"); padded.defined()) {
        padded.compute_at(sum, blocks[0]).vectorize(padded.args()[0], vector, TailStrategy::GuardWithIf);
    }
    if (tables.defined()) {
        partial.update().unroll(positions[0], 2);
        const Var entry = tables.args()[1];
        tables.bound(lane, 0, 32).bound(entry, 0, 16).compute_at(sum, blocks[0]);
        tables.reorder(entry, lane).vectorize(lane, lanes).unroll(entry);
        Func signs = find_stage(kernel, "signs");
        signs.bound(signs.args()[0], 0, 32).compute_at(sum, blocks[1]).vectorize(signs.args()[0]);
    }
}

}  // namespace

void schedule_conv_weight_gradient_at(const Kernel &kernel, const LoopLevel &at) {
    const auto schedule = find_stage(kernel, "raster").defined()  ? schedule_raster
                          : find_stage(kernel, "bytes").defined() ? schedule_bytes
                                                                  : schedule_numbers;
    schedule(kernel, at);
    if (Func outside = find_stage(kernel, "outside"); outside.defined()) {
        const int vector = kernel.target.natural_vector_size<float>();
        Func positions = find_stage(kernel, "position_sums");
        const std::vector<Var> sum = outside.args(), position = positions.args();
        const std::vector<RVar> all = outside.rvars();
        outside.update().reorder(lane, all[0], all[1], sum[1], sum[2]);
        positions.update().reorder(lane, position[1], position[2], positions.rvars()[0], position[3]);
        for (Func f : {positions, outside}) {
            f.compute_at(at).bound(lane, 0, 32).vectorize(lane, vector).unroll(lane);
            f.update().vectorize(lane, vector).unroll(lane);
        }
    }
}

void schedule_operand_sums(const Kernel &kernel) {
    const int vector = kernel.target.natural_vector_size<float>();
    for (const char *role : {"row_sums", "number_sums", "number_totals"}) {
        if (Func sums = find_stage(kernel, role); sums.defined()) {
            sums.compute_root().vectorize(sums.args()[0], vector, TailStrategy::GuardWithIf);
            sums.update().vectorize(sums.args()[0], vector, TailStrategy::GuardWithIf);
        }
    }
}

// Positions of some rows are lanes: their sums for one input at a time in registers, while the tables of a
// block of outputs stay in L1.
void schedule_signed_conv_input_gradient(Kernel &kernel, const Tuning &tuning) {
    Func out = kernel.outputs[0], product = find_stage(kernel, "product"),
         partial = find_stage(kernel, "partial"), tables = find_stage(kernel, "tables"),
         terms = find_stage(kernel, "terms"), signs = find_stage(kernel, "signs");
    // Lanes of narrow sums are many for a small image, and so may be those of float32: half of them then.
    const int floats = kernel.target.natural_vector_size<float>();
    const int vector = kernel.width > floats        ? kernel.target.natural_vector_size(partial.type())
                       : kernel.width <= floats / 2 ? floats / 2
                                                    : floats;
    const Var c = out.args()[0], x = out.args()[1], y = out.args()[2], n = out.args()[3], strip("strip");
    const int width = static_cast<int>(kernel.width);
    const int vectors = (width + vector - 1) / vector;
    const int rows = std::max(1, std::min(static_cast<int>(kernel.height), tuning.rows / vectors));
    out.split(y, strip, y, rows, TailStrategy::ShiftInwards)
        .reorder(c, x, y, strip, n)
        .vectorize(c, vector, TailStrategy::GuardWithIf);
    if (kernel.parallel) {
        out.parallel(n);
    }
    const auto in_registers = [&](Stage s) {
        s.vectorize(x, vector, TailStrategy::RoundUp).unroll(x).unroll(y);
    };
    const RVar block = product.rvars()[0];
    product.bound_extent(x, vectors * vector).bound_extent(y, rows);
    product.compute_at(out, strip).store_in(MemoryType::Register);
    in_registers(product);
    product.update().reorder(x, y, c, block);
    in_registers(product.update());
    const std::vector<RVar> taps = partial.rvars();
    partial.compute_at(product, c).store_in(MemoryType::Register);
    in_registers(partial);
    partial.update().reorder(x, y, taps[0], taps[1], taps[2]);
    in_registers(partial.update());
    partial.update().unroll(taps[0]);
    const Var entry = tables.args()[2];
    tables.bound(entry, 0, 16).compute_at(product, block).store_in(MemoryType::Register);
    tables.reorder(entry, x, y).vectorize(x, vector, TailStrategy::RoundUp).unroll(entry);
    const Var o = terms.args()[2];
    terms.compute_at(product, block).store_in(MemoryType::Register).reorder(o, x, y);
    signs.bound(signs.args()[0], 0, 32).compute_root().vectorize(signs.args()[0]);
}

void schedule_conv_weight_gradient(Kernel &kernel, const Tuning &) {
    const int vector = kernel.target.natural_vector_size<float>();
    schedule_conv_weight_gradient_at(kernel, LoopLevel::root());
    schedule_operand_sums(kernel);
    for (Func out : kernel.outputs) {
        out.vectorize(out.args()[0], vector, TailStrategy::GuardWithIf);
    }
}

// Gradients of windows: channels are lanes, everything else goes by in order.
void schedule_window_gradient(Kernel &kernel, const Tuning &) {
    const int vector = kernel.target.natural_vector_size<float>();
    for (const char *role : {"product", "largest", "counted"}) {
        if (Func f = find_stage(kernel, role); f.defined()) {
            f.compute_root().vectorize(f.args()[0], vector, TailStrategy::GuardWithIf);
            if (f.has_update_definition()) {
                std::vector<VarOrRVar> order{f.args()[0]};
                for (const RVar &tap : f.rvars()) {
                    order.emplace_back(tap);
                }
                f.update().reorder(order).vectorize(f.args()[0], vector, TailStrategy::GuardWithIf);
            }
        }
    }
    for (Func out : kernel.outputs) {
        out.vectorize(out.args()[0], vector, TailStrategy::GuardWithIf);
    }
}

}  // namespace quantide
