#include "compiler/ir/type.h"

#include "compiler/base/error.h"
#include "compiler/base/integers.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <numeric>
#include <utility>

namespace quantide {

namespace {

/** So few that no size in bytes, no padded layout and no integer accumulator over them overflows 64 bits. */
constexpr int64_t kMaxElements = int64_t{1} << 50;

/** So small that a code's integer has 16 bits. */
constexpr float kMostMultiple = 1 << 12;

/** So few that integers up to 2^(kMostPowers - 1), of either sign, are bytes. */
constexpr int kMostPowers = 7;

}  // namespace

int Encoding::planes() const {
    return affine() ? static_cast<int>(scales.size()) : std::bit_width(2 * static_cast<unsigned>(powers));
}

int64_t Encoding::codes() const { return affine() ? int64_t{1} << planes() : 2 * int64_t{powers} + 1; }

float number_of(const Encoding &encoding, int64_t code) {
    internal_check(!encoding.plain(), "number_of a value without an encoding");
    if (encoding.affine()) {
        const IntegerView view = integer_view(encoding);
        return static_cast<float>(view(code)) * view.scale + view.offset;
    }
    const int64_t i = code - encoding.powers;
    const int exponent = encoding.greatest - encoding.powers + static_cast<int>(std::abs(i));
    return i == 0 ? 0 : std::copysign(std::ldexp(1.0F, exponent), static_cast<float>(i));
}

namespace {

/** In units of the smallest power. Planes double up to that of the largest number, twice the largest power.
 */
IntegerView view_of_powers(const Encoding &encoding) {
    IntegerView view{.multipliers = {},
                     .addend = -(1 << (encoding.powers - 1)),
                     .scale = std::ldexp(1.0F, encoding.greatest - encoding.powers + 1),
                     .powers = encoding.powers};
    for (int plane = 0; plane <= encoding.powers; ++plane) {
        view.multipliers.push_back(1 << plane);
    }
    return view;
}

/** With offset 0 where encodings of at most `most_planes` planes allow it. */
IntegerView view_of(const Encoding &encoding, int most_planes) {
    internal_check(is_integer(encoding), "integer_view of a value whose codes are no integers");
    if (!encoding.affine()) {
        return view_of_powers(encoding);
    }
    const float unit = encoding.scales[0];
    IntegerView view{.multipliers = {}, .addend = 0, .scale = unit, .offset = encoding.offset};
    for (const float scale : encoding.scales) {
        const float multiple = scale / unit;
        internal_check(unit > 0 && multiple >= 1 && multiple <= kMostMultiple &&
                           multiple == std::floor(multiple) && multiple * unit == scale,
                       "integer_view of planes that are not multiples of the first");
        view.multipliers.push_back(static_cast<int>(multiple));
    }
    const int sum = std::accumulate(view.multipliers.begin(), view.multipliers.end(), 0);
    const float middle = encoding.offset + unit * static_cast<float>(sum) / 2;
    if (encoding.planes() <= most_planes && std::fabs(middle) < unit / 4) {
        if (sum % 2 != 0) {
            std::for_each(view.multipliers.begin(), view.multipliers.end(), [](int &m) { m *= 2; });
            view.scale = unit / 2;
        }
        view.addend = sum % 2 != 0 ? -sum : -sum / 2;
        view.offset = 0;
    } else if (const float steps = encoding.offset / unit; encoding.planes() <= most_planes &&
                                                           steps == std::floor(steps) &&
                                                           std::fabs(steps) <= kMostMultiple) {
        view.addend = static_cast<int>(steps);
        view.offset = 0;
    }
    return view;
}

}  // namespace

IntegerView integer_view(const Encoding &encoding) { return view_of(encoding, 7); }

IntegerView weight_view(const Encoding &encoding) { return view_of(encoding, 8); }

bool is_integer(const Encoding &encoding) {
    return encoding.affine() || (encoding.powers > 0 && encoding.powers <= kMostPowers);
}

bool is_sign(const Encoding &encoding) {
    return encoding.affine() && encoding.planes() == 1 && integer_view(encoding).twice_middle() == 0 &&
           integer_view(encoding).offset == 0;
}

int64_t IntegerView::operator()(int64_t code) const {
    if (const int64_t i = code - powers; powers != 0) {
        return i == 0 ? 0 : i < 0 ? -(int64_t{1} << (-i - 1)) : int64_t{1} << (i - 1);
    }
    int64_t q = addend;
    for (size_t p = 0; p < multipliers.size(); ++p) {
        q += multipliers[p] * (code >> p & 1);
    }
    return q;
}

int64_t IntegerView::max() const {
    return powers != 0 ? -min() : std::accumulate(multipliers.begin(), multipliers.end(), int64_t{addend});
}

std::vector<int> IntegerView::numbers() const {
    std::vector<int> result;
    // With one power, -1, 0 and 1, it is the code.
    for (int code = 0; powers > 1 && code <= 2 * powers; ++code) {
        result.push_back(static_cast<int>((*this)(code)) - addend);
    }
    return result;
}

bool packs_bits(ElementType type, Layout layout) {
    return type.kind == ElementType::Kind::UInt && type.bits <= 8 &&
           (layout == Layout::PackedWords || has_panels(layout));
}

bool packs_bytes(ElementType type, Layout layout) {
    return packs_bits(type, layout) && has_panels(layout) && type.bits == 8;
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
    internal_check(layout != Layout::PackedWords || packed, "packed words hold codes, not {}",
                   to_string(type));
    Storage storage{packed ? UInt(32) : type.bits < 8 ? UInt(8) : type, {shape.rbegin(), shape.rend()}};
    if (layout == Layout::Logical) {
        return storage;
    }
    const Planes planes = planes_of(shape, layout);
    const int64_t inner = packed ? divide_up(planes.channels, 32) * type.bits : planes.channels;
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
