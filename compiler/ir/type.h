#pragma once
#include <compare>
#include <cstdint>
#include <string>
#include <vector>

namespace quantide {

/** The type of one stored element. Bits below 8 are codes: one code a byte in logical layout, packed
 * otherwise. */
struct ElementType {
    enum class Kind : uint8_t { Float, Int, UInt };
    Kind kind = Kind::Float;
    int bits = 32;

    auto operator<=>(const ElementType &) const = default;
    bool is_float() const { return kind == Kind::Float; }
    /** Bytes of one element in logical layout (a 1-bit code takes one byte there). */
    int bytes() const { return bits < 8 ? 1 : bits / 8; }
};

// The vocabulary reads like Halide's, but these are Quantide's own types.
// NOLINTBEGIN(readability-identifier-naming)
inline ElementType Float(int bits) { return {ElementType::Kind::Float, bits}; }
inline ElementType Int(int bits) { return {ElementType::Kind::Int, bits}; }
inline ElementType UInt(int bits) { return {ElementType::Kind::UInt, bits}; }
// NOLINTEND(readability-identifier-naming)

/** Which number a code stands for. There are two kinds, and none: then the element is the value itself.
 * - Affine, with scales: value = offset + sum_p scales[p] * bit_p.
 * - Powers of two, with a number of them: 0 for the code `powers`, and +- 2^greatest, the largest, to +-
 *   2^(greatest - powers + 1), the smallest, for those above and below it. Products are shifts. */
struct Encoding {
    std::vector<float> scales = {};
    float offset = 0;
    int powers = 0;
    int greatest = 0;

    auto operator<=>(const Encoding &) const = default;
    bool plain() const { return scales.empty() && powers == 0; }
    bool affine() const { return !scales.empty(); }
    /** Bits of a code. */
    int planes() const;
    /** How many codes there are, from 0 on. */
    int64_t codes() const;
};

/** The number of a code, in the float32 arithmetic that every target keeps. Throws InternalError for values
 * without an encoding. */
float number_of(const Encoding &encoding, int64_t code);

/** An encoded value as value = scale * q + offset with the integer q = addend + sum_p multipliers[p] * bit_p:
 * sign as q = 2 code - 1, an odd grid of k bits as q = 2 code - (2^k - 1), both with offset 0; bytes as q =
 * code, whatever their offset. The bits are those of the code, but of powers of two, as q = 0 and +- 2^i,
 * those of the number q - addend. */
struct IntegerView {
    std::vector<int> multipliers;
    int addend = 0;
    float scale = 1;
    float offset = 0;
    int powers = 0;  ///< see Encoding

    /** The integer of a code. */
    int64_t operator()(int64_t code) const;
    /** Smallest and largest q: those of the first code and the last. */
    int64_t min() const { return addend; }
    int64_t max() const;
    /** Twice the middle of min() and max(): 0 for grids that are symmetric about 0. */
    int64_t twice_middle() const { return min() + max(); }
    /** The number q - addend of every code, where its bits are not those of the code; else empty. */
    std::vector<int> numbers() const;
};

/** The integer view of an encoding whose planes are positive integer multiples of the first, or of so few
 * powers of two that their integers are bytes: a code grows with its number. Throws InternalError for any
 * other. */
IntegerView integer_view(const Encoding &encoding);

/** The view of weights: as integer_view, but bytes whose grid is symmetric about 0, or has 0, have no offset,
 * either. */
IntegerView weight_view(const Encoding &encoding);

/** True of codes that have an integer_view, which integer products take. Products of others are of float32.
 */
bool is_integer(const Encoding &encoding);

/** True of one bit that stands for + or - a scale. */
bool is_sign(const Encoding &encoding);

/** Extents in PyTorch's logical order. The first may be kBatch, chosen at run time. */
using Shape = std::vector<int64_t>;
constexpr int64_t kBatch = -1;

/** How the elements of a value lie in memory. Assigned by one late pass, never implied by the type. */
enum class Layout : uint8_t {
    /** Row-major, last extent innermost. */
    Logical,
    /** Channels innermost: [N, C, H, W] as [N, H, W, C], [C, H, W] as [H, W, C]. */
    ChannelsLast,
    /** Codes [N, C] or [N, C, H, W], channels innermost and packed, plane by plane: ceil(C / 32) times as
     * many 32-bit words as a code has bits; bit i of word w * bits + p is bit p of channel 32 w + i; missing
     * bits 0. */
    PackedWords,
    /** Weights [outputs, inputs] or [outputs, inputs, kernel height, kernel width] of codes as [outputs / 32,
     * height, width, ceil(inputs / 32), bits, 32] words: panels of 32 outputs; bit i of word w * bits + p is
     * bit p of input 32 w + i; missing outputs and bits 0. Codes of eight bits lie there as signed bytes,
     * less 128: word 8 w + s has those of inputs 32 w + s + {0, 8, 16, 24}, the first one lowest; missing
     * ones are -128. For float32: [outputs / 32, height, width, inputs, 32] elements. */
    OutputPanels,
    /** The same of weights taken as [outputs, inputs * height * width] in row-major order: no word has
     * missing bits but the last. */
    FlatPanels,
};

/** True of panels of 32 outputs. */
inline bool has_panels(Layout layout) {
    return layout == Layout::OutputPanels || layout == Layout::FlatPanels;
}

/** True where `layout` keeps codes of `type` as bits of 32-bit words. */
bool packs_bits(ElementType type, Layout layout);

/** True where such words hold codes of eight bits as bytes, and what they hold where all codes are 0. */
bool packs_bytes(ElementType type, Layout layout);
constexpr uint32_t kZeroBytes = 0x80808080;

std::string to_string(ElementType type);
std::string to_string(const Shape &shape);
const char *to_string(Layout layout);

/** A shape of one to four extents as so many rows (images, outputs) of so many channels at so many positions:
 * [C], [N, C], [C, H, W], [N, C, H, W]. */
struct Planes {
    int64_t rows, channels, positions;
};
Planes planes_of(const Shape &shape);
/** As a layout takes it: FlatPanels has one position of all inputs. */
Planes planes_of(const Shape &shape, Layout layout);

/** Fan in + fan out of weights [outputs, inputs, kernel extents...] (Glorot & Bengio 2010). */
int64_t fans(const Shape &weights);

/** The number of elements, with `batch` in place of kBatch. Throws CompileError naming `what` when an
 * extent is not positive or the product is above 2^50. */
int64_t element_count(const Shape &shape, int64_t batch, const std::string &what);

/** What memory a value takes. */
struct Storage {
    ElementType type;              ///< of one element: 32-bit words of packed codes, else whole bytes
    std::vector<int64_t> extents;  ///< innermost first, padding of the layout included; kBatch stays
};

Storage storage_of(const Shape &shape, ElementType type, Layout layout);

/** Bytes that a value takes in memory in `layout`, the padding of the layout included. */
int64_t byte_count(const Shape &shape, ElementType type, Layout layout, int64_t batch);

}  // namespace quantide
