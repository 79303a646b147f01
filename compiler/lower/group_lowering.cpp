#include "compiler/lower/group_lowering.h"

#include "compiler/ops/rules.h"
#include "compiler/quantizers/quantizer_lower.h"

#include <algorithm>

namespace quantide {

using Halide::cast;
using Halide::Expr;
using Halide::Func;
using Halide::ImageParam;
using Halide::RDom;
using Halide::Var;

namespace {

bool is_packed(const Value &value) { return packs_bits(value.type, value.layout); }

/** Extents of a value's memory, innermost first, with `batch` (or -1) for kBatch. */
std::vector<int64_t> physical_extents(const Value &value, int64_t batch) {
    std::vector<int64_t> extents = storage_of(value.shape, value.type, value.layout).extents;
    std::replace(extents.begin(), extents.end(), kBatch, batch);
    return extents;
}

/** Rows lie densely behind each other; every buffer starts at 0. Only the first buffer of a Tuple may say its
 * extents, which are those of all. */
template<typename Buffer>
void bound(Buffer &&buffer, const std::vector<int64_t> &extents, bool first = true) {
    int64_t stride = 1;
    for (size_t i = 0; i < extents.size(); ++i) {
        auto dim = buffer.dim(static_cast<int>(i));
        if (!first) {
            // Implied.
        } else if (extents[i] > 0) {
            dim.set_bounds(0, static_cast<int>(extents[i]));
        } else {
            dim.set_min(0);
        }
        dim.set_stride(static_cast<int>(stride));
        stride *= extents[i];
    }
}

std::vector<Expr> expressions(const std::vector<Var> &vars) { return {vars.begin(), vars.end()}; }

/** True if the value's memory has elements outside [.., channels]. */
bool has_padding(const Value &value) {
    return (value.layout == Layout::OutputPanels && value.shape[0] % 32 != 0) ||
           (is_packed(value) && value.shape[1] % 32 != 0);
}

/** f at (channel, ...); 0 in the padding. */
Expr padded(const Func &f, const Value &value, const std::vector<Expr> &at) {
    const Expr element = f(at);
    Expr inside = Halide::Internal::const_true();
    if (value.shape[1] % 32 != 0) {
        inside = at.front() < static_cast<int>(value.shape[1]);
    }
    if (value.layout == Layout::OutputPanels && value.shape[0] % 32 != 0) {
        inside = inside && at.back() < static_cast<int>(value.shape[0]);
    }
    return Halide::select(inside, element, cast(element.type(), 0));
}

/** The words of a value whose codes are f(channel, row). */
Func pack(const Func &f, const Value &value, const std::string &name) {
    const bool bytes = packs_bytes(value.type, value.layout);
    const RDom bit(0, bytes ? 4 : 32, name + "_bit");
    Func words(name);
    const int bits = value.type.bits;
    // What element `bit` of the word adds to it, and that element among the channels.
    const auto part = [&](const Expr &code, const Expr &word) -> Expr {
        if (bytes) {
            return (cast<uint32_t>(code) ^ Expr(kZeroBytes & UINT8_MAX)) << cast<uint32_t>(8 * bit);
        }
        const Expr is_set = bits == 1 ? code != 0 : ((code >> cast<uint8_t>(word % bits)) & 1) != 0;
        return Halide::select(is_set, cast<uint32_t>(1) << cast<uint32_t>(bit), cast<uint32_t>(0));
    };
    const auto channel = [&](const Expr &word) {
        const Expr first = 32 * (word / bits);
        return bytes ? first + word % bits + 8 * bit : first + bit;
    };
    const auto code = [&](const std::vector<Expr> &at, const Expr &word) {
        return part(padded(f, value, at), word);
    };
    if (value.layout == Layout::FlatPanels) {
        const Var lane("lane"), word("word"), panel("panel");
        const int inputs = static_cast<int>(element_count(features_of(value), 1, value.name));
        const int height = static_cast<int>(value.shape[2]), width = static_cast<int>(value.shape[3]);
        const Expr flat = channel(word), output = 32 * panel + lane, last = Halide::min(flat, inputs - 1);
        const Expr element = f(last / (height * width), last % width, last / width % height,
                               Halide::min(output, static_cast<int>(value.shape[0]) - 1));
        words(lane, word, panel) = cast<uint32_t>(0);
        const Expr there = flat < inputs && output < static_cast<int>(value.shape[0]);
        words(lane, word, panel) += part(Halide::select(there, element, cast(element.type(), 0)), word);
        return words;
    }
    if (value.layout == Layout::OutputPanels) {
        const Var lane("lane"), word("word"), panel("panel");
        words(lane, word, panel) = cast<uint32_t>(0);
        const Expr output = 32 * panel + lane;
        if (value.shape.size() == 2) {
            words(lane, word, panel) += code({channel(word), output}, word);
            return words;
        }
        const int inner = static_cast<int>((value.shape[1] + 31) / 32) * bits,
                  width = static_cast<int>(value.shape[3]);
        const Expr tap = word / inner;
        words(lane, word, panel) += code({channel(word % inner), tap % width, tap / width, output}, word);
        return words;
    }
    std::vector<Var> vars = coordinates(value.shape.size());
    std::vector<Expr> at = expressions(vars);
    vars[0] = Var("word");
    at[0] = channel(vars[0]);
    words(vars) = cast<uint32_t>(0);
    words(vars) += code(at, vars[0]);
    return words;
}

/** Where panels keep an element of weights, given by (channel, [x, y,] output); of packed codes the word of
 * their lowest bits, with its bit in `lane`. */
std::vector<Expr> panel_coordinates(const Value &value, const std::vector<Expr> &at, Expr &lane) {
    const int bits = is_packed(value) ? value.type.bits : 0;
    lane = at[0] % 32;
    const auto word_of = [&](const Expr &k) { return bits == 0 ? k : bits == 1 ? k / 32 : k / 32 * bits; };
    const Expr inner = word_of(at[0]);
    if (at.size() == 2) {
        return {at[1] % 32, inner, at[1] / 32};
    }
    const int height = static_cast<int>(value.shape[2]), width = static_cast<int>(value.shape[3]);
    if (value.layout == Layout::FlatPanels) {
        const Expr flat = (at[0] * height + at[2]) * width + at[1];
        lane = flat % 32;
        return {at[3] % 32, word_of(flat), at[3] / 32};
    }
    const int extent = static_cast<int>(bits != 0 ? (value.shape[1] + 31) / 32 * bits : value.shape[1]);
    return {at[3] % 32, (at[2] * width + at[1]) * extent + inner, at[3] / 32};
}

/** A value that f gives channels first, in the coordinates of its memory. */
Func physical(const Func &f, const Value &value, const std::string &name) {
    Func out(name);
    if (value.layout == Layout::Logical || value.layout == Layout::ChannelsLast) {
        std::vector<Var> vars = coordinates(value.shape.size());
        const std::vector<Var> from = vars;
        if (value.layout == Layout::Logical && vars.size() > 2) {
            std::rotate(vars.begin(), vars.begin() + 1, vars.begin() + 3);
        }
        out(vars) = f(from);
        return out;
    }
    internal_check(value.layout == Layout::OutputPanels, "{} is not a layout of {}", to_string(value.layout),
                   value.name);
    const Var lane("lane"), k("k"), panel("panel");
    internal_check(value.shape.size() == 2, "panels of {}", to_string(value.shape));
    out(lane, k, panel) = padded(f, value, {k, 32 * panel + lane});
    return out;
}

}  // namespace

GroupOperands group_operands(const Graph &graph, int group) {
    GroupOperands result;
    const auto inside = [&](ValueId id) {
        const int node = graph.value(id).node;
        return node >= 0 && graph.nodes[static_cast<size_t>(node)].group == group;
    };
    const auto leaves = [&](ValueId id) {
        const auto is_next = [&](const StateUpdate &update) { return update.next == id; };
        const auto is_outside = [&](int user) {
            return graph.nodes[static_cast<size_t>(user)].group != group;
        };
        const std::vector<int> users = graph.users(id);
        return std::count(graph.outputs.begin(), graph.outputs.end(), id) > 0 ||
               std::any_of(graph.updates.begin(), graph.updates.end(), is_next) ||
               std::any_of(users.begin(), users.end(), is_outside);
    };
    for (const Node &node : graph.nodes) {
        if (node.group != group) {
            continue;
        }
        for (ValueId id : node.inputs) {
            const bool known = std::count(result.inputs.begin(), result.inputs.end(), id) > 0;
            if (!inside(id) && !known) {
                result.inputs.push_back(id);
            }
        }
        std::copy_if(node.outputs.begin(), node.outputs.end(), std::back_inserter(result.outputs), leaves);
    }
    return result;
}

std::vector<Var> coordinates(size_t rank) {
    const Var c("c"), x("x"), y("y"), n("n");
    switch (rank) {
        case 0:
            return {};
        case 1:
            return {c};
        case 2:
            return {c, n};
        case 3:
            return {c, x, y};
        default:
            internal_check(rank == 4, "coordinates of rank {}", rank);
            return {c, x, y, n};
    }
}

Halide::Type halide_type(ElementType type) {
    const int bits = type.bytes() * 8;
    switch (type.kind) {
        case ElementType::Kind::Float:
            return Halide::Float(bits);
        case ElementType::Kind::Int:
            return Halide::Int(bits);
        case ElementType::Kind::UInt:
            return Halide::UInt(bits);
    }
    throw InternalError("unknown kind of element");
}

GroupLowering::GroupLowering(const Graph &in, int group, const LowerOptions &how) : graph(in), options(how) {
    kernel.family = "elementwise";
    const GroupOperands outside = group_operands(graph, group);
    leaving = outside.outputs;
    pads =
        std::any_of(leaving.begin(), leaving.end(), [&](ValueId id) { return has_padding(graph.value(id)); });
    for (ValueId id : outside.inputs) {
        const Value &value = graph.value(id);
        const std::vector<int64_t> extents = physical_extents(value, options.batch.value_or(-1));
        ImageParam param(halide_type(storage_of(value.shape, value.type, value.layout).type),
                         static_cast<int>(extents.size()), fmt::format("in{}", kernel.inputs.size()));
        bound(param, extents);
        operands.emplace(id, param);
        kernel.inputs.push_back(param);
    }
}

ImageParam GroupLowering::operand(ValueId id) const {
    const auto found = operands.find(id);
    internal_check(found != operands.end(), "{} is not read from outside its group", graph.value(id).name);
    return found->second;
}

const GroupLowering::Memory *GroupLowering::memory_of(ValueId id) const {
    const auto has = [id](const Memory &m) { return std::count(m.ids.begin(), m.ids.end(), id) > 0; };
    const auto found = std::find_if(memories.begin(), memories.end(), has);
    return found == memories.end() ? nullptr : &*found;
}

Func GroupLowering::memory(ValueId id) const {
    const Memory *own = memory_of(id);
    internal_check(own == nullptr || own->ids.size() == 1, "{} is part of a Tuple", graph.value(id).name);
    return own == nullptr ? Func(operand(id)) : own->f;
}

Func GroupLowering::words(ValueId id) {
    const Value &value = graph.value(id);
    internal_check(is_packed(value), "{} has no words", value.name);
    if (const auto found = packed.find(id); found != packed.end()) {
        return found->second;
    }
    if (made.count(id) == 0) {
        return memory(id);
    }
    const Func f = pack(elements(id), value, "pack");
    packed.emplace(id, f);
    return f;
}

bool GroupLowering::has_words(ValueId id) const {
    return is_packed(graph.value(id)) && (packed.count(id) != 0 || made.count(id) == 0);
}

Func GroupLowering::elements(ValueId id) {
    if (const auto found = made.find(id); found != made.end()) {
        return found->second;
    }
    const Value &value = graph.value(id);
    const auto words = packed.find(id);
    const Func source = words != packed.end() ? words->second : memory(id);
    const std::vector<Var> vars = coordinates(value.shape.size());
    std::vector<Expr> at = expressions(vars);
    if (pads) {
        const auto clamp = [&](size_t i, int64_t extent) {
            at[i] =
                extent == kBatch ? at[i] : Halide::min(Halide::likely(at[i]), static_cast<int>(extent - 1));
        };
        const Planes planes = planes_of(value.shape);
        clamp(0, planes.channels);
        if (value.shape.size() % 2 == 0) {
            clamp(at.size() - 1, planes.rows);
        }
    }
    if (value.layout == Layout::Logical && at.size() > 2) {
        std::rotate(at.begin(), at.begin() + 1, at.begin() + 3);
    }
    const int bits = is_packed(value) ? value.type.bits : 0;
    Expr lane;
    size_t word_axis = 0;
    switch (value.layout) {
        case Layout::Logical:
        case Layout::ChannelsLast:
            break;
        case Layout::PackedWords:
            lane = at[0] % 32;
            at[0] = bits == 1 ? at[0] / 32 : at[0] / 32 * bits;
            break;
        case Layout::OutputPanels:
        case Layout::FlatPanels:
            at = panel_coordinates(value, at, lane);
            word_axis = 1;
            break;
    }
    Func f("elements");
    if (bits == 0) {
        f(vars) = source(at);
        return f;
    }
    f(vars) = code_in_words(value, lane, [&](const Expr &i) {
        std::vector<Expr> word = at;
        word[word_axis] += i;
        return source(word);
    });
    return f;
}

void GroupLowering::define(ValueId id, Func f) { made.insert_or_assign(id, f); }

void GroupLowering::define_memory(const std::vector<ValueId> &ids, Func f) { memories.push_back({ids, f}); }

void GroupLowering::finish() {
    const auto bound_output = [&](Halide::OutputImageParam buffer, ValueId id, bool first = true) {
        bound(buffer, physical_extents(graph.value(id), options.batch.value_or(-1)), first);
    };
    const Shape &first = graph.value(leaving.at(0)).shape;
    if (first.size() == 4) {
        kernel.height = first[2];
        kernel.width = first[3];
    }
    for (size_t i = 0; i < leaving.size(); ++i) {
        const ValueId id = leaving[i];
        const Value &value = graph.value(id);
        const std::string name = fmt::format("out{}", kernel.outputs.size());
        Func out;
        if (const Memory *own = memory_of(id)) {
            out = own->f;
            const std::vector<Halide::OutputImageParam> buffers = out.output_buffers();
            for (size_t j = 0; j < own->ids.size(); ++j) {
                internal_check(i + j < leaving.size() && leaving[i + j] == own->ids[j],
                               "{}: outputs of a Tuple must leave together", graph.value(own->ids[j]).name);
                bound_output(buffers[j], own->ids[j], j == 0);
            }
            i += own->ids.size() - 1;
        } else if (is_packed(value)) {
            const bool packs = made.count(id) != 0 && packed.count(id) == 0;
            const Func bits = words(id);
            if (packs) {
                stage("pack", bits);
                kernel.planes = value.type.bits;
                // Where codes of 32 channels follow from a word, they are computed once for all planes; and
                // before they are packed where they come from many places: Halide 21 fails to vectorize that
                // as one.
                const bool gathers = graph.producer(id).op == "reshape";
                if ((kernel.planes > 1 || gathers) &&
                    (!has_panels(value.layout) || value.shape.size() == 2)) {
                    stage("codes_to_pack", elements(id));
                }
            }
            out = Func(name);
            out(bits.args()) = bits(bits.args());
            bound_output(out.output_buffer(), id);
        } else {
            out = physical(elements(id), value, name);
            bound_output(out.output_buffer(), id);
        }
        kernel.outputs.push_back(out);
    }
}

// With a single panel Halide sees how few lanes are needed.
Expr from_panels(const Func &f, const Var &c, const std::vector<Var> &place, int64_t outputs) {
    std::vector<Expr> args{outputs <= 32 ? Expr(c) : c % 32};
    args.insert(args.end(), place.begin(), place.end());
    args.push_back(outputs <= 32 ? Expr(0) : c / 32);
    return f(args);
}

Expr word_of_plane(const Expr &word, int bits, const Expr &plane) {
    return bits == 1 ? word : word * bits + plane;
}

Expr code_in_words(const Value &value, const Expr &lane, const std::function<Expr(const Expr &)> &word) {
    if (packs_bytes(value.type, value.layout)) {
        return cast<uint8_t>((word(lane % 8) ^ Expr(kZeroBytes)) >> cast<uint32_t>(lane / 8 * 8));
    }
    Expr code;
    for (int p = 0; p < value.type.bits; ++p) {
        const Expr bit = (word(p) >> cast<uint32_t>(lane)) & 1;
        code = p == 0 ? bit : code | (bit << p);
    }
    return cast<uint8_t>(code);
}

Expr number_of(const Value &value, const Expr &element) {
    if (value.encoding.plain()) {
        return element;
    }
    if (!value.encoding.affine()) {
        const Expr i = cast<int32_t>(element) - value.encoding.powers;
        const int bias = value.encoding.greatest - value.encoding.powers + 127;
        const Expr power = Halide::reinterpret<float>((Halide::abs(i) + bias) << 23);
        return Halide::select(i == 0, 0.0F, i < 0, -power, power);
    }
    const IntegerView view = integer_view(value.encoding);
    return cast<float>(integer_of(view, element)) * view.scale + view.offset;
}

Expr integer_of(const IntegerView &view, const Expr &code) {
    if (view.powers != 0) {
        const Expr i = cast<int32_t>(code) - view.powers, magnitude = (1 << Halide::abs(i)) >> 1;
        return Halide::select(i < 0, -magnitude, magnitude);
    }
    const std::vector<int> &m = view.multipliers;
    const int bits = static_cast<int>(m.size());
    bool doubles = true;
    for (int p = 1; p < bits; ++p) {
        doubles = doubles && m[static_cast<size_t>(p)] == m[0] << p;
    }
    if (doubles) {
        return m[0] * cast<int32_t>(code) + view.addend;
    }
    Expr q = view.addend;
    for (int p = 0; p < bits; ++p) {
        q += m[static_cast<size_t>(p)] * cast<int32_t>((code >> p) & 1);
    }
    return q;
}

Expr quantizer_code(const std::string &text, const Expr &x) {
    const Quantizer quantizer = find_quantizer(text);
    return cast<uint8_t>(lowering_of(*quantizer.def).code(x, quantizer.bits));
}

}  // namespace quantide
