#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>

namespace quantide {

/** The largest file, and the largest content of a compressed file, that a reader takes unless told
 * otherwise. */
constexpr uint64_t kMaxFileBytes = uint64_t{1} << 30;

/** Bytes that can be read in any order: those of a file or of memory. */
struct ByteSource {
    std::string name;  ///< for messages
    uint64_t size = 0;
    /** Fills `out` with the bytes from `offset` on, which must lie within `size`. Throws CompileError
     * when they cannot be read. */
    std::function<void(uint64_t offset, std::span<std::byte> out)> read;
};

/** The bytes of a regular file, read on demand. Throws CompileError when it cannot be opened. */
ByteSource open_file(const std::string &path);

/** The bytes of `bytes`, which must outlive the result. */
ByteSource open_memory(std::string_view bytes, const std::string &name);

/** The content of a whole file. Throws CompileError when it cannot be read or is larger than
 * `max_bytes`. */
std::string read_file(const std::string &path, uint64_t max_bytes = kMaxFileBytes);

/** Writes the parts, one after another, to the file `path`. The file appears complete or not at all: a
 * failure throws CompileError and leaves what was there before. A device (/dev/stdout) is written in
 * place. */
void write_file(const std::string &path, std::span<const std::string_view> parts);
void write_file(const std::string &path, std::string_view bytes);

/** A file that is written and on the disk, but not yet seen at its path. */
class StagedFile {
public:
    /** Writes it beside `path`, which must not be a folder. Throws CompileError naming `path`. */
    StagedFile(const std::string &path, std::span<const std::string_view> parts);
    StagedFile(StagedFile &&other) noexcept;
    StagedFile &operator=(const StagedFile &) = delete;
    /** What was not committed goes away. */
    ~StagedFile();

    /** Puts it at its path, in place of what was there. Throws CompileError. */
    void commit();

private:
    std::string path_, target_, temporary_;
};

/** The content of a gzip file given its bytes; bytes that are not gzip are returned as they are. Throws
 * CompileError naming `name` when they are damaged or expand beyond `max_bytes`. */
std::string gunzip(std::string bytes, const std::string &name, uint64_t max_bytes = kMaxFileBytes);

}  // namespace quantide
