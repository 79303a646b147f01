#include "training/safetensors.h"

#include "compiler/base/integers.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <bit>
#include <set>

namespace quantide {

namespace {

static_assert(std::endian::native == std::endian::little, "safetensors files are little-endian");

using Json = nlohmann::ordered_json;

constexpr uint64_t kMaxHeaderBytes = uint64_t{1} << 24;
constexpr const char *kMetadata = "__metadata__";

struct DataType {
    const char *name;
    ElementType type;
};
// In the order in which the format's own library writes tensors, which aligns each to its elements' size.
const DataType kDataTypes[] = {
    {"U64", UInt(64)}, {"I64", Int(64)}, {"F64", Float(64)}, {"F32", Float(32)},
    {"U32", UInt(32)}, {"I32", Int(32)}, {"F16", Float(16)}, {"U16", UInt(16)},
    {"I16", Int(16)},  {"I8", Int(8)},   {"U8", UInt(8)},
};

/** One tensor as the header describes it: its bytes are [begin, end) of the data. */
struct Entry {
    std::string name;
    ElementType type;
    Shape shape;
    uint64_t begin = 0;
    uint64_t end = 0;
};

/** A string from a file on one line, for messages. */
std::string quoted(const std::string &text) {
    return Json(text.substr(0, 300)).dump(-1, ' ', true, Json::error_handler_t::replace);
}

/** What a value from a header is, for messages. */
std::string found(const Json &value) {
    return value.dump(-1, ' ', true, Json::error_handler_t::replace).substr(0, 100);
}

/** The header as JSON. Refuses what JSON parsers let pass: equal keys, of which the last would win. */
Json parse_json(const std::string &text, const std::string &file) {
    constexpr int kMaxDepth = 3;
    std::vector<std::set<std::string>> keys;
    const auto check = [&](int depth, Json::parse_event_t event, const Json &value) {
        user_check(depth <= kMaxDepth, "{}: expected a header of at most {} levels, found more", file,
                   kMaxDepth);
        if (event == Json::parse_event_t::object_start) {
            keys.emplace_back();
        } else if (event == Json::parse_event_t::object_end) {
            keys.pop_back();
        } else if (event == Json::parse_event_t::key) {
            const auto &key = value.get_ref<const std::string &>();
            user_check(keys.back().insert(key).second,
                       "{}: expected unique names in the header, found {} twice", file, quoted(key));
        }
        return true;
    };
    try {
        return Json::parse(text, check);
    } catch (const Json::exception &error) {
        throw CompileError(
            fmt::format("{}: expected a header in JSON, found an error: {}", file, quoted(error.what())));
    }
}

std::map<std::string, std::string> parse_metadata(const Json &json, const std::string &file) {
    user_check(json.is_object(), "{}: expected {} to hold strings, found {}", file, kMetadata, found(json));
    std::map<std::string, std::string> metadata;
    for (const auto &[key, value] : json.items()) {
        user_check(value.is_string(), "{}: expected a string for {} in {}, found {}", file, quoted(key),
                   kMetadata, found(value));
        metadata[key] = value.get<std::string>();
    }
    return metadata;
}

ElementType parse_type(const Json &json, const std::string &what) {
    std::string known;
    for (const DataType &row : kDataTypes) {
        if (json == row.name) {
            return row.type;
        }
        known += known.empty() ? row.name : std::string(", ") + row.name;
    }
    throw CompileError(fmt::format("{}: expected as dtype one of {}, found {}", what, known, found(json)));
}

std::vector<int64_t> parse_integers(const Json &json, const char *key, const std::string &what) {
    user_check(json.is_array(), "{}: expected an array as {}, found {}", what, key, found(json));
    std::vector<int64_t> result;
    for (const Json &item : json) {
        user_check(item.is_number_unsigned() && item.get<uint64_t>() <= INT64_MAX,
                   "{}: expected whole numbers below 2^63 in {}, found {}", what, key, found(item));
        result.push_back(item.get<int64_t>());
    }
    return result;
}

Entry parse_entry(const std::string &name, const Json &json, const std::string &file) {
    const std::string what = fmt::format("{}: tensor {}", file, quoted(name));
    user_check(json.is_object() && json.size() == 3 && json.contains("dtype") && json.contains("shape") &&
                   json.contains("data_offsets"),
               "{}: expected dtype, shape and data_offsets, found {}", what, found(json));
    Entry entry{name, parse_type(json["dtype"], what), parse_integers(json["shape"], "shape", what)};
    const std::vector<int64_t> offsets = parse_integers(json["data_offsets"], "data_offsets", what);
    user_check(offsets.size() == 2 && offsets[0] <= offsets[1],
               "{}: expected as data_offsets a begin and an end not before it, found {}", what,
               found(json["data_offsets"]));
    entry.begin = static_cast<uint64_t>(offsets[0]);
    entry.end = static_cast<uint64_t>(offsets[1]);
    const auto count = static_cast<uint64_t>(element_count(entry.shape, 1, what));
    const auto width = static_cast<uint64_t>(entry.type.bytes());
    const uint64_t bytes = entry.end - entry.begin;
    user_check(bytes % width == 0 && bytes / width == count,
               "{}: expected {} elements of {} bytes, found {} bytes", what, count, width, bytes);
    return entry;
}

/** Checks that the tensors, ordered by offset, tile the data: no overlap, no hole, nothing after them. */
void check_tiling(const std::vector<Entry> &entries, uint64_t data_bytes, const std::string &file) {
    uint64_t at = 0;
    for (const Entry &entry : entries) {
        user_check(entry.begin == at,
                   "{}: tensor {}: expected its data at {}, where that before it ends, found {}", file,
                   quoted(entry.name), at, entry.begin);
        user_check(entry.end <= data_bytes,
                   "{}: tensor {}: expected its data within {} bytes, found it up to {}", file,
                   quoted(entry.name), data_bytes, entry.end);
        at = entry.end;
    }
    user_check(at == data_bytes, "{}: expected {} bytes of data, as the header says, found {}", file, at,
               data_bytes);
}

/** Whether all exponent bits of a floating-point number are set: NaN or infinity. */
template<typename Bits>
bool any_not_finite(std::span<const Bits> values, Bits exponent) {
    return std::any_of(values.begin(), values.end(),
                       [&](Bits bits) { return (bits & exponent) == exponent; });
}

bool finite(const Array &array) {
    switch (array.type.is_float() ? array.type.bits : 0) {
        case 16:
            return !any_not_finite(array.as<uint16_t>(), uint16_t{0x7C00});
        case 32:
            return !any_not_finite(array.as<uint32_t>(), uint32_t{0x7F800000});
        case 64:
            return !any_not_finite(array.as<uint64_t>(), uint64_t{0x7FF0000000000000});
        default:
            return true;
    }
}

const DataType *find_data_type(ElementType type) {
    const auto *row = std::find_if(std::begin(kDataTypes), std::end(kDataTypes),
                                   [&](const DataType &candidate) { return candidate.type == type; });
    internal_check(row != std::end(kDataTypes), "a safetensors file cannot hold {}", to_string(type));
    return row;
}

}  // namespace

SafeTensors read_safetensors(const ByteSource &file, const SafeTensorsOptions &options) {
    uint64_t header_bytes = 0;
    user_check(file.size >= sizeof(header_bytes), "{}: expected a safetensors file, found {} bytes",
               file.name, file.size);
    file.read(0, std::as_writable_bytes(std::span(&header_bytes, 1)));
    const uint64_t limit = std::min(kMaxHeaderBytes, file.size - sizeof(header_bytes));
    user_check(header_bytes <= limit,
               "{}: expected a safetensors header of at most {} bytes, found a length of {}", file.name,
               limit, header_bytes);
    std::string text(header_bytes, '\0');
    file.read(sizeof(header_bytes), std::as_writable_bytes(std::span(text)));
    user_check(text.starts_with('{'), "{}: expected a safetensors header that starts with '{{', found {}",
               file.name, quoted(text.substr(0, 1)));

    SafeTensors result;
    std::vector<Entry> entries;
    const Json header = parse_json(text, file.name);
    for (const auto &[name, json] : header.items()) {
        if (name == kMetadata) {
            result.metadata = parse_metadata(json, file.name);
        } else {
            entries.push_back(parse_entry(name, json, file.name));
        }
    }
    std::sort(entries.begin(), entries.end(),
              [](const Entry &a, const Entry &b) { return a.begin < b.begin; });
    const uint64_t data = sizeof(header_bytes) + header_bytes;
    check_tiling(entries, file.size - data, file.name);

    for (const Entry &entry : entries) {
        if (options.wanted && !options.wanted(entry.name)) {
            continue;
        }
        Array array(entry.type, entry.shape);
        file.read(data + entry.begin, array.bytes);
        user_check(!options.finite || finite(array),
                   "{}: tensor {}: expected finite numbers, found NaN or infinity", file.name,
                   quoted(entry.name));
        result.tensors.emplace(entry.name, std::move(array));
    }
    return result;
}

SafeTensors read_safetensors(const std::string &path, const SafeTensorsOptions &options) {
    return read_safetensors(open_file(path), options);
}

void write_safetensors(const std::string &path, const SafeTensors &content) {
    std::vector<const std::pair<const std::string, Array> *> order;
    for (const auto &tensor : content.tensors) {
        internal_check(tensor.second.layout == Layout::Logical, "{}: a safetensors file holds logical layout",
                       tensor.first);
        order.push_back(&tensor);
    }
    std::stable_sort(order.begin(), order.end(), [](const auto *a, const auto *b) {
        return find_data_type(a->second.type) < find_data_type(b->second.type);
    });

    Json header = Json::object();
    if (!content.metadata.empty()) {
        header[kMetadata] = content.metadata;
    }
    std::vector<std::string_view> parts(2);
    uint64_t at = 0;
    for (const auto *tensor : order) {
        const auto &[name, array] = *tensor;
        internal_check(!header.contains(name), "a tensor cannot be named {}", name);
        const uint64_t end = at + array.bytes.size();
        header[name] = {
            {"dtype", find_data_type(array.type)->name}, {"shape", array.shape}, {"data_offsets", {at, end}}};
        parts.emplace_back(reinterpret_cast<const char *>(array.bytes.data()), array.bytes.size());
        at = end;
    }
    std::string text = header.dump();
    text.resize(round_up(text.size(), 8), ' ');
    const uint64_t header_bytes = text.size();
    internal_check(header_bytes <= kMaxHeaderBytes, "{}: a header of {} bytes", path, header_bytes);
    parts[0] = {reinterpret_cast<const char *>(&header_bytes), sizeof(header_bytes)};
    parts[1] = text;
    write_file(path, parts);
}

}  // namespace quantide
