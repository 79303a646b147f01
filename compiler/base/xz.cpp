#include "compiler/base/xz.h"

#include "compiler/base/error.h"

#include <lzma.h>

namespace quantide {

namespace {

/** More than the strongest preset of xz needs. */
constexpr uint64_t kMemoryLimit = uint64_t{1} << 27;

/** liblzma's state of one decompression. */
struct Decoder {
    lzma_stream stream = LZMA_STREAM_INIT;
    Decoder() {
        internal_check(lzma_stream_decoder(&stream, kMemoryLimit, LZMA_CONCATENATED) == LZMA_OK,
                       "liblzma does not start");
    }
    Decoder(const Decoder &) = delete;
    Decoder &operator=(const Decoder &) = delete;
    ~Decoder() { lzma_end(&stream); }
};

const char *reason(lzma_ret status) {
    switch (status) {
        case LZMA_FORMAT_ERROR:
            return "what follows a stream is none";
        case LZMA_OPTIONS_ERROR:
            return "its filters are unknown";
        case LZMA_MEMLIMIT_ERROR:
            return "its dictionary is larger than any preset's";
        default:
            return "a checksum or a code is wrong";
    }
}

}  // namespace

std::string unxz(std::string bytes, const std::string &name, uint64_t max_bytes) {
    if (!bytes.starts_with(std::string_view("\xfd\x37zXZ\0", 6))) {
        return bytes;
    }
    std::string content;
    std::string chunk(size_t{1} << 16, '\0');
    Decoder decoder;
    lzma_stream &stream = decoder.stream;
    stream.next_in = reinterpret_cast<const uint8_t *>(bytes.data());
    stream.avail_in = bytes.size();
    for (;;) {
        stream.next_out = reinterpret_cast<uint8_t *>(chunk.data());
        stream.avail_out = chunk.size();
        const lzma_ret status = lzma_code(&stream, LZMA_FINISH);
        content.append(chunk, 0, chunk.size() - stream.avail_out);
        user_check(content.size() <= max_bytes, "{}: expected xz data of at most {} bytes, found more", name,
                   max_bytes);
        if (status == LZMA_STREAM_END) {
            return content;
        }
        user_check(status != LZMA_BUF_ERROR, "{}: expected complete xz data, found it truncated at byte {}",
                   name, bytes.size());
        user_check(status == LZMA_OK, "{}: expected xz data, found it damaged: {}", name, reason(status));
    }
}

}  // namespace quantide
