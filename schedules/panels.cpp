#include "schedules/panels.h"

namespace quantide {

using namespace loops;
using Halide::Func;
using Halide::MemoryType;
using Halide::TailStrategy;
using Halide::Var;

Func find_stage(const Kernel &kernel, const std::string &role) {
    const auto found = kernel.stages.find(role);
    return found == kernel.stages.end() ? Func() : found->second;
}

Halide::Expr rows_of(const Kernel &kernel) {
    return kernel.m > 0 ? Halide::Expr(static_cast<int>(kernel.m))
                        : kernel.outputs[0].output_buffer().dim(1).extent();
}

PackLoops split_planes(const Kernel &kernel, Func out) {
    const Var words = out.args()[0];
    // Of panels the words are not outermost, and their planes stay apart.
    if (kernel.planes == 1 || !find_stage(kernel, "codes_to_pack").defined()) {
        return {words, {}};
    }
    const Var plane("plane"), whole("words");
    out.split(words, whole, plane, kernel.planes, TailStrategy::RoundUp).unroll(plane);
    return {whole, {plane}};
}

void schedule_pack(const Kernel &kernel, const Func &out, const Var &at) {
    Func pack = find_stage(kernel, "pack"), codes = find_stage(kernel, "codes_to_pack");
    pack.compute_at(out, at).store_in(MemoryType::Register);
    Halide::Stage update = pack.update();
    update.atomic().vectorize(pack.rvars()[0]);
    if (codes.defined()) {
        const Var word = pack.args()[0], channel = codes.args()[0];
        pack.unroll(word, kernel.planes);
        update.unroll(word, kernel.planes);
        codes.compute_at(out, at).store_in(MemoryType::Stack);
        codes.vectorize(channel, 32, TailStrategy::RoundUp);
    }
}

Panels schedule_panels(Kernel &kernel, const Tuning &tuning) {
    Func out = kernel.outputs[0], pack = find_stage(kernel, "pack");
    Func channel_scale = find_stage(kernel, "channel_scale");
    Panels panels{32, out.args()[0], {inner}};
    if (pack.defined()) {
        const PackLoops loops = split_planes(kernel, out);
        panels.loop = loops.words;
        panels.inside.insert(panels.inside.begin(), loops.planes.begin(), loops.planes.end());
        schedule_pack(kernel, out, inner);
    } else {
        // The last panel of few outputs is computed no wider than it must be.
        const int needed = static_cast<int>((kernel.n + tuning.vector - 1) / tuning.vector) * tuning.vector;
        panels = {std::min(32, needed), panel, {lane, inner}};
        out.split(out.args()[0], panel, lane, panels.lanes, TailStrategy::GuardWithIf)
            .vectorize(lane, tuning.vector)
            .unroll(lane);
    }
    if (Func totals = find_stage(kernel, "weight_total"); totals.defined()) {
        totals.compute_at(out, panels.loop).store_in(MemoryType::Stack).vectorize(lane, tuning.vector);
        totals.update().reorder(lane, totals.rvars()[0]).vectorize(lane, tuning.vector);
    }
    if (channel_scale.defined()) {
        channel_scale.compute_at(out, panels.loop).store_in(MemoryType::Stack);
        channel_scale.vectorize(channel_scale.args()[0], tuning.vector, TailStrategy::GuardWithIf);
    }
    return panels;
}

void vectorize_codes(const Kernel &kernel, const Tuning &tuning) {
    Func codes = find_stage(kernel, "codes"), sum = find_stage(kernel, "sum");
    const Var bit = codes.args()[0];
    const int steps = tuning.width;
    if (codes.num_update_definitions() == 0) {
        codes.vectorize(bit, steps);
    }
    for (int i = 0; i < codes.num_update_definitions(); ++i) {
        const bool whole_words = !codes.rvars(i).empty();
        whole_words ? codes.update(i).vectorize(bit, steps) : codes.update(i).unroll(bit, steps);
    }
    sum.update().atomic().vectorize(sum.rvars()[0]);
}

void expand_in_registers(const Kernel &kernel, const Tuning &tuning) {
    Func weights = find_stage(kernel, "weights");
    const std::vector<Var> args = weights.args();
    const Var bit = args[1], digit = args[2];
    weights.bound(bit, 0, tuning.width).bound(digit, 0, kernel.digits);
    weights.split(args[0], chunk, inner, tuning.vector, TailStrategy::RoundUp).vectorize(inner);
    weights.reorder(inner, bit, digit, chunk, args[3], args[4]).unroll(bit).unroll(digit);
}

void schedule_row_lanes(const Kernel &kernel, Func lanes) {
    const Var bit = lanes.args()[0], word = lanes.args()[1], plane("plane");
    lanes.vectorize(bit);
    if (kernel.words_of_plane > 0) {
        lanes.bound(word, 0, kernel.words_of_plane * kernel.plane_pairs)
            .split(word, plane, word, kernel.words_of_plane)
            .reorder(bit, plane, word)
            .unroll(plane);
    }
}

void schedule_image(const Kernel &kernel, const Halide::LoopLevel &at, MemoryType memory, int vector) {
    Func image = find_stage(kernel, "image"), pixel = find_stage(kernel, "pixel"),
         sum = find_stage(kernel, "sum");
    image.compute_at(at).store_in(memory);
    schedule_row_lanes(kernel, image);
    if (sum.defined()) {
        pixel.compute_at(at).store_in(memory);
        pixel.update().atomic().vectorize(pixel.rvars()[0]);
        sum.compute_at(at).store_in(memory);
        sum.vectorize(sum.args()[0], vector, TailStrategy::GuardWithIf);
        sum.update()
            .reorder(sum.args()[0], sum.rvars()[0])
            .vectorize(sum.args()[0], vector, TailStrategy::GuardWithIf);
    }
}

int tile_width(int64_t width, int64_t most) {
    most = std::max<int64_t>(1, std::min(width, most));
    int64_t best = most;
    const auto covered = [&](int64_t w) { return (width + w - 1) / w * w; };
    for (int64_t w = most; w >= (most + 1) / 2; --w) {
        best = covered(w) < covered(best) ? w : best;
    }
    return static_cast<int>(best);
}

// "Register" keeps Halide from putting what is large on the heap. Few channels make no vector: there a row of
// one channel does, as where positions are lanes afterwards.
void schedule_padding(const Kernel &kernel, const Var &y, const Var &n, int vector) {
    Func out = kernel.outputs[0], padded = find_stage(kernel, "padded");
    if (!padded.defined()) {
        return;
    }
    padded.compute_at(out, kernel.pads_image ? n : y).store_in(MemoryType::Register);
    const Var c = padded.args()[0], x = padded.args()[1];
    const bool few = c.name() != lane.name() && kernel.channels > 0 && kernel.channels < vector;
    if (vector > 1 && (few || kernel.stages.count("codes") != 0)) {
        padded.reorder(x, c).reorder_storage(x, c).vectorize(x, vector, TailStrategy::GuardWithIf);
    } else if (c.name() == lane.name()) {
        padded.vectorize(c, vector).unroll(c);
    } else if (vector > 1) {
        padded.vectorize(c, vector, TailStrategy::GuardWithIf);
    }
}

}  // namespace quantide
