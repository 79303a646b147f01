#pragma once
#include "compiler/lower/lower.h"

namespace quantide {

/** A fusion group on its way to a kernel. Each op's lower_NAME reads its inputs here and defines its
 * outputs here. Coordinates are channels first: (channel, row) for [N, C], (channel, x, y, row) for
 * [N, C, H, W], (channel, x, y) for [C, H, W], (channel) for [C]. */
class GroupLowering {
public:
    GroupLowering(const Graph &in, int group, const LowerOptions &how);

    const Graph &graph;
    const LowerOptions &options;
    Kernel kernel;

    /** The elements of a value in logical coordinates: numbers, or codes as UInt(8). */
    Halide::Func elements(ValueId id);
    /** The 32-bit words of a value of packed codes, as its layout says: (word, row) or (word, x, y,
     * row) of PackedWords, (output in panel, word, panel) of OutputPanels. */
    Halide::Func words(ValueId id);
    /** The memory of a value that the group reads from outside, as its layout says. */
    Halide::ImageParam operand(ValueId id) const;

    /** Says what a value of the group is; `f` in the coordinates of elements(). */
    void define(ValueId id, Halide::Func f);
    /** The same in the coordinates of the value's memory; of several values as one Tuple, which must leave
     * the group together, in this order. */
    void define_memory(const std::vector<ValueId> &ids, Halide::Func f);
    /** The words of packed codes, in the coordinates of words(), where no element is looked at. */
    void define_words(ValueId id, Halide::Func f) { packed.insert_or_assign(id, f); }
    /** True where words() costs no packing: they come from memory or were defined. */
    bool has_words(ValueId id) const;
    /** Names a Func (or a reduction's domain) for the schedule. */
    void stage(const std::string &role, Halide::Func f) { kernel.stages[role] = f; }
    void domain(const std::string &role, const Halide::RDom &r) { kernel.domains.insert_or_assign(role, r); }

    /** Makes the Funcs of the values that leave the group, in their layouts, and bounds all buffers. */
    void finish();

private:
    /** A Func that gives the memory of one or (as a Tuple) several values. */
    struct Memory {
        std::vector<ValueId> ids;
        Halide::Func f;
    };
    const Memory *memory_of(ValueId id) const;
    Halide::Func memory(ValueId id) const;

    std::map<ValueId, Halide::ImageParam> operands;
    std::map<ValueId, Halide::Func> made, packed;
    std::vector<Memory> memories;
    std::vector<ValueId> leaving;
    bool pads = false;  ///< an output has padding, for which elements are computed outside their extents
};

/** What a group reads from outside, in order of first use, and what leaves it, in order of definition. */
struct GroupOperands {
    std::vector<ValueId> inputs, outputs;
};
GroupOperands group_operands(const Graph &graph, int group);

/** What a group computes, without names: two groups of equal text have equal kernels. */
std::string group_signature(const Graph &graph, int group, const LowerOptions &options);

/** The variables of logical coordinates, innermost first; at most `rank` of them. */
std::vector<Halide::Var> coordinates(size_t rank);

/** Halide's type of an element of `type` in logical layout (codes are UInt(8)). */
Halide::Type halide_type(ElementType type);

/** Element (c, place...) of a Func in panels, f(c % 32, place..., c / 32), whose `outputs` are so many. */
Halide::Expr from_panels(const Halide::Func &f, const Halide::Var &c, const std::vector<Halide::Var> &place,
                         int64_t outputs);

/** The word that has plane `plane` of codes of `bits` bits, whose planes lie behind each other word by word.
 */
Halide::Expr word_of_plane(const Halide::Expr &word, int bits, const Halide::Expr &plane);

/** The code of channel 32 w + `lane` of a packed value, from `word(i)`, the i-th of the words that hold
 * channels 32 w to 32 w + 31. UInt(8). */
Halide::Expr code_in_words(const Value &value, const Halide::Expr &lane,
                           const std::function<Halide::Expr(const Halide::Expr &i)> &word);

/** The integer of a code (see IntegerView), as Int(32). */
Halide::Expr integer_of(const IntegerView &view, const Halide::Expr &code);

/** The float32 number that an element of a value stands for. */
Halide::Expr number_of(const Value &value, const Halide::Expr &element);

/** The code of `x` by the quantizer of that name, as UInt(8). */
Halide::Expr quantizer_code(const std::string &quantizer, const Halide::Expr &x);

}  // namespace quantide
