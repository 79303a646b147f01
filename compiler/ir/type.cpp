#include "compiler/ir/type.h"

#include "compiler/base/error.h"
#include "compiler/base/integers.h"

#include <algorithm>
#include <utility>

namespace quantide {

namespace {

/** So few that no size in bytes, no padded layout and no integer accumulator over them overflows 64 bits. */
constexpr int64_t kMaxElements = int64_t{1} << 50;

}  // namespace

IntegerView integer_view(const Encoding &encoding) {
    internal_check(!encoding.plain(), "integer_view of a value without an encoding");
    const float unit = encoding.scales[0];
    float power = unit;
    for (float scale : encoding.scales) {
        internal_check(scale == power, "integer_view of planes that are not powers of two");
        power *= 2;
    }
    if (encoding.planes() == 1 && encoding.offset == -unit / 2) {
        return {2, -1, unit / 2, 0};
    }
    return {1, 0, unit, encoding.offset};
}

bool packs_bits(ElementType type, Layout layout) {
    return type.bits == 1 && (layout == Layout::PackedWords || has_panels(layout));
}

std::string to_string(ElementType type) {
    const char *kind = type.kind == ElementType::Kind::Float ? "f"
                       : type.kind == ElementType::Kind::Int ? "i"
                                                             : "u";
    return fmt::format("{}{}", kind, type.bits);
}

std::string to_string(const Shape &shape) {
    std::string text = "[";
    for (size_t i = 0; i < shape.size(); ++i) {
        text += i == 0 ? "" : ", ";
        text += shape[i] == kBatch ? "N" : std::to_string(shape[i]);
    }
    return text + "]";
}

const char *to_string(Layout layout) {
    switch (layout) {
        case Layout::Logical:
            return "logical";
        case Layout::ChannelsLast:
            return "channels_last";
        case Layout::PackedWords:
            return "packed_words";
        case Layout::OutputPanels:
            return "output_panels";
        case Layout::FlatPanels:
            return "flat_panels";
    }
    throw InternalError("unknown layout");
}

int64_t element_count(const Shape &shape, int64_t batch, const std::string &what) {
    int64_t count = 1;
    for (int64_t extent : shape) {
        const int64_t n = extent == kBatch ? batch : extent;
        user_check(n > 0, "{}: expected positive dimensions, found {}", what, to_string(shape));
        user_check(count <= kMaxElements / n,
                   "{}: expected at most 2^50 elements, found dimensions {} whose product overflows", what,
                   to_string(shape));
        count *= n;
    }
    return count;
}

Planes planes_of(const Shape &shape) {
    internal_check(!shape.empty() && shape.size() <= 4, "planes of {}", to_string(shape));
    const bool images = shape.size() > 2;
    const size_t first = shape.size() % 2 == 0 ? 1 : 0;
    return {first == 0 ? 1 : shape[0], shape[first], images ? shape[first + 1] * shape[first + 2] : 1};
}

Planes planes_of(const Shape &shape, Layout layout) {
    Planes planes = planes_of(shape);
    if (layout == Layout::FlatPanels) {
        planes.channels *= std::exchange(planes.positions, 1);
    }
    return planes;
}

int64_t fans(const Shape &weights) { return (weights.at(0) + weights.at(1)) * planes_of(weights).positions; }

Storage storage_of(const Shape &shape, ElementType type, Layout layout) {
    const bool packed = packs_bits(type, layout);
    internal_check(layout != Layout::PackedWords || packed, "packed words hold 1-bit codes, not {}",
                   to_string(type));
    Storage storage{packed ? UInt(32) : type.bits < 8 ? UInt(8) : type, {shape.rbegin(), shape.rend()}};
    if (layout == Layout::Logical) {
        return storage;
    }
    const Planes planes = planes_of(shape, layout);
    const int64_t inner = packed ? divide_up(planes.channels, 32) : planes.channels;
    if (has_panels(layout)) {
        storage.extents = {32, planes.positions * inner, divide_up(planes.rows, 32)};
    } else {
        if (shape.size() > 2) {  // width, height, channels: the channels come first
            std::rotate(storage.extents.begin(), storage.extents.begin() + 2, storage.extents.begin() + 3);
        }
        storage.extents[0] = inner;
    }
    return storage;
}

int64_t byte_count(const Shape &shape, ElementType type, Layout layout, int64_t batch) {
    element_count(shape, batch, "value");
    const Storage storage = storage_of(shape, type, layout);
    int64_t bytes = storage.type.bytes();
    for (int64_t extent : storage.extents) {
        bytes *= extent == kBatch ? batch : extent;
    }
    return bytes;
}

}  // namespace quantide
