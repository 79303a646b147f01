#include "compiler/ir/array.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <new>

namespace quantide {

namespace {

/** Position of element (row, column) of a [rows, columns] matrix of whole elements. */
int64_t position(Layout layout, int64_t columns, int64_t row, int64_t column) {
    return layout == Layout::OutputPanels ? (row / 32 * columns + column) * 32 + row % 32
                                          : row * columns + column;
}

/** Position of the 32-bit word that holds the 1-bit code of (row, column). */
int64_t word_position(Layout layout, int64_t columns, int64_t row, int64_t column) {
    const int64_t words = (columns + 31) / 32;
    if (layout == Layout::OutputPanels) {
        return (row / 32 * words + column / 32) * 32 + row % 32;
    }
    return row * words + column / 32;
}

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

/** Codes of one byte each, row-major, as packed words. */
void pack_bits(const Array &from, Array &to) {
    const int64_t columns = from.shape.back();
    const int64_t rows = from.size() / columns;
    for (int64_t row = 0; row < rows; ++row) {
        for (int64_t column = 0; column < columns; column += 32) {
            to.as<uint32_t>()[static_cast<size_t>(word_position(to.layout, columns, row, column))] =
                gather_bits(&from.as<uint8_t>()[static_cast<size_t>(row * columns + column)],
                            std::min<int64_t>(32, columns - column));
        }
    }
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
    const int64_t columns = array.shape.back();
    const int64_t rows = array.size() / columns;
    if (array.layout == Layout::Logical && packs_bits(array.type, layout)) {
        pack_bits(array, result);
        return result;
    }
    const size_t width = static_cast<size_t>(array.type.bytes());
    const bool from_bits = packs_bits(array.type, array.layout);
    const bool to_bits = packs_bits(array.type, layout);
    for (int64_t row = 0; row < rows; ++row) {
        for (int64_t column = 0; column < columns; ++column) {
            if (!from_bits && !to_bits) {
                std::memcpy(&result.bytes[position(layout, columns, row, column) * width],
                            &array.bytes[position(array.layout, columns, row, column) * width], width);
                continue;
            }
            const uint32_t bit =
                from_bits ? array.as<uint32_t>()[word_position(array.layout, columns, row, column)] >>
                                    (column % 32) &
                                1
                          : array.as<uint8_t>()[position(array.layout, columns, row, column)] & 1;
            if (to_bits) {
                result.as<uint32_t>()[word_position(layout, columns, row, column)] |= bit << (column % 32);
            } else {
                result.as<uint8_t>()[position(layout, columns, row, column)] = static_cast<uint8_t>(bit);
            }
        }
    }
    return result;
}

}  // namespace quantide
