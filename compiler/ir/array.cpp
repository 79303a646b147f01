#include "compiler/ir/array.h"

#include "compiler/base/integers.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <new>

namespace quantide {

namespace {

/** Where a layout keeps the elements of an array. */
class Positions {
public:
    Positions(const Array &array, Layout layout)
        : layout_(layout),
          logical_(planes_of(array.shape)),
          planes_(planes_of(array.shape, layout)),
          bits_(packs_bits(array.type, layout) ? array.type.bits : 0),
          bytes_(packs_bytes(array.type, layout)),
          inner_(packed() ? divide_up(planes_.channels, 32) * bits_ : planes_.channels) {}

    struct Place {
        size_t at;  ///< the element, or the word that holds the code's lowest bit
        int bit;    ///< that bit
    };
    Place operator()(int64_t row, int64_t channel, int64_t position) const {
        const int64_t flat = channel * logical_.positions + position;
        if (layout_ == Layout::Logical) {
            return {static_cast<size_t>(row * logical_.channels * logical_.positions + flat), 0};
        }
        if (layout_ == Layout::FlatPanels) {
            channel = flat;
            position = 0;
        }
        const int64_t inside = position * inner_ + (packed() ? channel / 32 * bits_ : channel);
        const int64_t in_row = planes_.positions * inner_;
        const auto at = static_cast<size_t>(has_panels(layout_) ? (row / 32 * in_row + inside) * 32 + row % 32
                                                                : row * in_row + inside);
        const auto bit = static_cast<size_t>(channel % 32);
        return bytes_ ? Place{at + bit % 8 * plane_stride(), static_cast<int>(bit / 8 * 8)}
                      : Place{at, static_cast<int>(bit)};
    }

    /** The code at a place of packed words. */
    uint32_t load(std::span<const uint32_t> words, const Place &place) const {
        if (bytes_) {
            return (words[place.at] ^ kZeroBytes) >> place.bit & UINT8_MAX;
        }
        uint32_t code = 0;
        for (size_t p = 0; p < static_cast<size_t>(bits_); ++p) {
            code |= (words[place.at + p * plane_stride()] >> place.bit & 1) << p;
        }
        return code;
    }
    /** Puts a code where there is 0. */
    void store(std::span<uint32_t> words, const Place &place, uint32_t code) const {
        if (bytes_) {
            words[place.at] ^= (code & UINT8_MAX) << place.bit;
            return;
        }
        for (size_t p = 0; p < static_cast<size_t>(bits_); ++p) {
            words[place.at + p * plane_stride()] |= (code >> p & 1) << place.bit;
        }
    }

    bool packed() const { return bits_ != 0; }
    /** Words between one bit of a code and the next. */
    size_t plane_stride() const { return has_panels(layout_) ? 32 : 1; }
    /** Rows, channels and positions of the logical array. */
    const Planes &logical() const { return logical_; }

private:
    Layout layout_;
    Planes logical_, planes_;
    int bits_;       ///< of a code, where codes are packed
    bool bytes_;     ///< whether as bytes
    int64_t inner_;  ///< channels, or words of channels
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

/** 1-bit codes of one byte each, row-major, as packed words of 32 channels. */
void pack_rows(const Array &from, Array &to, const Positions &place) {
    const auto [rows, channels, positions] = place.logical();
    for (int64_t row = 0; row < rows; ++row) {
        for (int64_t channel = 0; channel < channels; channel += 32) {
            const int64_t count = std::min<int64_t>(32, channels - channel);
            const uint8_t *codes =
                &from.as<uint8_t>()[static_cast<size_t>((row * channels + channel) * positions)];
            if (positions == 1) {
                to.as<uint32_t>()[place(row, channel, 0).at] = gather_bits(codes, count);
                continue;
            }
            for (int64_t position = 0; position < positions; ++position) {
                uint32_t word = 0;
                for (int64_t bit = 0; bit < count; ++bit) {
                    word |= static_cast<uint32_t>(codes[bit * positions + position] & 1) << bit;
                }
                to.as<uint32_t>()[place(row, channel, position).at] = word;
            }
        }
    }
}

void copy_element(const Array &from, const Positions &source, Array &to, const Positions &target, int64_t row,
                  int64_t channel, int64_t position) {
    const Positions::Place i = source(row, channel, position), j = target(row, channel, position);
    if (!source.packed() && !target.packed()) {
        const auto width = static_cast<size_t>(from.type.bytes());
        std::memcpy(&to.bytes[j.at * width], &from.bytes[i.at * width], width);
        return;
    }
    const uint32_t code = source.packed() ? source.load(from.as<uint32_t>(), i) : from.as<uint8_t>()[i.at];
    if (target.packed()) {
        target.store(to.as<uint32_t>(), j, code);
    } else {
        to.as<uint8_t>()[j.at] = static_cast<uint8_t>(code);
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

void AlignedBytes::grow(size_t size) {
    if (size_ < size) {
        *this = AlignedBytes(size);
    }
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
    if (packs_bytes(array.type, layout)) {
        std::fill_n(result.as<uint32_t>().begin(), result.as<uint32_t>().size(), kZeroBytes);
    }
    const Positions from(array, array.layout), to(array, layout);
    const auto [rows, channels, positions] = to.logical();
    const bool signs = array.type.bits == 1;
    if (array.layout == Layout::Logical && to.packed() && signs && layout != Layout::FlatPanels) {
        pack_rows(array, result, to);
        return result;
    }
    for (int64_t row = 0; row < rows; ++row) {
        for (int64_t channel = 0; channel < channels; ++channel) {
            for (int64_t position = 0; position < positions; ++position) {
                copy_element(array, from, result, to, row, channel, position);
            }
        }
    }
    return result;
}

}  // namespace quantide
