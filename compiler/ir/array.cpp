#include "compiler/ir/array.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <new>

namespace quantide {

namespace {

/** Where a layout keeps the elements of an array. */
struct Positions {
    Layout layout;
    Planes planes;
    int64_t inner;  ///< channels, or words of channels
    bool packed;

    Positions(const Array &array, Layout order)
        : layout(order),
          planes(planes_of(array.shape)),
          inner(packs_bits(array.type, order) ? (planes.channels + 31) / 32 : planes.channels),
          packed(packs_bits(array.type, order)) {}

    /** The element (or the word) that holds channel `channel`. */
    size_t operator()(int64_t row, int64_t channel, int64_t position) const {
        const int64_t c = packed ? channel / 32 : channel;
        switch (layout) {
            case Layout::Logical:
                return static_cast<size_t>((row * planes.channels + channel) * planes.positions + position);
            case Layout::OutputPanels:
                return static_cast<size_t>(((row / 32 * planes.positions + position) * inner + c) * 32 +
                                           row % 32);
            default:
                return static_cast<size_t>((row * planes.positions + position) * inner + c);
        }
    }
};

/** The lowest bits of up to 32 bytes as the bits of a word. */
uint32_t gather_bits(const uint8_t *codes, int64_t count) {
    uint32_t word = 0;
    int64_t i = 0;
    for (; i + 8 <= count; i += 8) {
        uint64_t eight = 0;
        std::memcpy(&eight, codes + i, sizeof eight);
        // The product's top byte collects the lowest bit of each byte.
        word |= static_cast<uint32_t>((eight & 0x0101010101010101) * 0x0102040810204080 >> 56) << i;
    }
    for (; i < count; ++i) {
        word |= static_cast<uint32_t>(codes[i] & 1) << i;
    }
    return word;
}

/** Codes of one byte each, row-major, one position a channel, as packed words. */
void pack_rows(const Array &from, Array &to, const Positions &at) {
    for (int64_t row = 0; row < at.planes.rows; ++row) {
        for (int64_t channel = 0; channel < at.planes.channels; channel += 32) {
            to.as<uint32_t>()[at(row, channel, 0)] =
                gather_bits(&from.as<uint8_t>()[static_cast<size_t>(row * at.planes.channels + channel)],
                            std::min<int64_t>(32, at.planes.channels - channel));
        }
    }
}

/** The 1-bit code at `position`, or what replaces it. */
uint8_t code_at(const Array &array, bool packed, size_t position, int64_t channel) {
    return packed ? array.as<uint32_t>()[position] >> (channel % 32) & 1 : array.as<uint8_t>()[position];
}

}  // namespace

AlignedBytes::AlignedBytes(size_t size) : size_(size) {
    constexpr size_t kAlignment = 64;
    if (size == 0) {
        return;
    }
    block_ = std::calloc(size + kAlignment, 1);
    if (block_ == nullptr) {
        throw std::bad_alloc();
    }
    void *start = block_;
    size_t space = size + kAlignment;
    data_ = static_cast<std::byte *>(std::align(kAlignment, size, start, space));
}

AlignedBytes::AlignedBytes(const AlignedBytes &other) : AlignedBytes(other.size_) {
    std::copy(other.begin(), other.end(), begin());
}

bool AlignedBytes::operator==(const AlignedBytes &other) const {
    return std::equal(begin(), end(), other.begin(), other.end());
}

Array::Array(ElementType element, Shape extents, Layout order)
    : type(element),
      shape(std::move(extents)),
      layout(order),
      bytes(static_cast<size_t>(byte_count(shape, element, order, 1))) {}

Array to_layout(const Array &array, Layout layout) {
    if (array.layout == layout) {
        return array;
    }
    internal_check(!array.shape.empty(), "to_layout of a scalar");
    Array result(array.type, array.shape, layout);
    const Positions from(array, array.layout), to(array, layout);
    if (array.layout == Layout::Logical && to.packed && to.planes.positions == 1) {
        pack_rows(array, result, to);
        return result;
    }
    const auto width = static_cast<size_t>(array.type.bytes());
    for (int64_t row = 0; row < to.planes.rows; ++row) {
        for (int64_t channel = 0; channel < to.planes.channels; ++channel) {
            for (int64_t position = 0; position < to.planes.positions; ++position) {
                const size_t source = from(row, channel, position), target = to(row, channel, position);
                if (!from.packed && !to.packed) {
                    std::memcpy(&result.bytes[target * width], &array.bytes[source * width], width);
                } else if (const uint8_t code = code_at(array, from.packed, source, channel); to.packed) {
                    result.as<uint32_t>()[target] |= uint32_t{code} << (channel % 32);
                } else {
                    result.as<uint8_t>()[target] = code;
                }
            }
        }
    }
    return result;
}

}  // namespace quantide
