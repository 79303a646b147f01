#include "examples/common/idx.h"

#include "compiler/base/file.h"

#include <cstring>

namespace quantide {

namespace {

uint32_t big_endian(std::string_view bytes, size_t offset) {
    uint32_t value = 0;
    for (size_t i = offset; i < offset + 4; ++i) {
        value = value << 8 | static_cast<uint8_t>(bytes[i]);
    }
    return value;
}

}  // namespace

Array parse_idx(std::string_view bytes, size_t rank, const std::string &name) {
    constexpr uint32_t kUnsignedByte = 8;
    const size_t header = 4 + 4 * rank;
    user_check(bytes.size() >= header, "{}: expected an idx header of {} bytes, found a file of {}", name,
               header, bytes.size());
    const uint32_t magic = kUnsignedByte << 8 | static_cast<uint32_t>(rank);
    user_check(big_endian(bytes, 0) == magic,
               "{}: expected the idx magic number {:#010x} (unsigned bytes, {} dimensions), found {:#010x}",
               name, magic, rank, big_endian(bytes, 0));
    Shape shape;
    for (size_t i = 0; i < rank; ++i) {
        shape.push_back(big_endian(bytes, 4 + 4 * i));
    }
    const auto count = static_cast<uint64_t>(element_count(shape, 1, name));
    user_check(bytes.size() - header == count,
               "{}: expected {} bytes of data for the dimensions {}, found {}", name, count, to_string(shape),
               bytes.size() - header);
    Array array(UInt(8), shape);
    std::memcpy(array.bytes.data(), bytes.data() + header, count);
    return array;
}

Array read_idx(const std::string &path, size_t rank) {
    return parse_idx(gunzip(read_file(path), path), rank, path);
}

}  // namespace quantide
