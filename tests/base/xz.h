#pragma once
#include <lzma.h>

#include <stdexcept>
#include <string>

namespace quantide {

/** `bytes` as an xz file. */
inline std::string xz(const std::string &bytes) {
    std::string result(lzma_stream_buffer_bound(bytes.size()), '\0');
    size_t size = 0;
    if (lzma_easy_buffer_encode(0, LZMA_CHECK_CRC64, nullptr, reinterpret_cast<const uint8_t *>(bytes.data()),
                                bytes.size(), reinterpret_cast<uint8_t *>(result.data()), &size,
                                result.size()) != LZMA_OK) {
        throw std::runtime_error("lzma_easy_buffer_encode");
    }
    result.resize(size);
    return result;
}

}  // namespace quantide
