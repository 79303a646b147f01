#include "compiler/base/file.h"

#include "compiler/base/error.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <memory>
#include <system_error>
#include <utility>

namespace quantide {

namespace {

namespace fs = std::filesystem;

/** A file descriptor that closes itself. */
struct Descriptor {
    int fd;
    explicit Descriptor(int opened) : fd(opened) {}
    Descriptor(const Descriptor &) = delete;
    Descriptor &operator=(const Descriptor &) = delete;
    ~Descriptor() {
        if (fd >= 0) {
            ::close(fd);
        }
    }
};

[[noreturn]] void fail(const std::string &path, const char *what, int error) {
    throw CompileError(fmt::format("{}: {}: {}", path, what, std::generic_category().message(error)));
}

void write_all(const Descriptor &file, std::span<const std::string_view> parts, const std::string &path) {
    for (std::string_view part : parts) {
        while (!part.empty()) {
            const ssize_t n = ::write(file.fd, part.data(), part.size());
            if (n < 0 && errno == EINTR) {
                continue;
            }
            if (n < 0) {
                fail(path, "cannot write", errno);
            }
            part.remove_prefix(static_cast<size_t>(n));
        }
    }
}

void close_checked(Descriptor &file, const std::string &path) {
    const int fd = std::exchange(file.fd, -1);
    if (::close(fd) != 0) {
        fail(path, "cannot write", errno);
    }
}

void write_in_place(const std::string &path, std::span<const std::string_view> parts) {
    Descriptor file(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
    if (file.fd < 0) {
        fail(path, "cannot write", errno);
    }
    write_all(file, parts, path);
    close_checked(file, path);
}

void sync_folder(const fs::path &folder) {
    const Descriptor file(::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (file.fd >= 0) {
        ::fsync(file.fd);
    }
}

void read_at(const Descriptor &file, uint64_t offset, std::span<std::byte> out, const std::string &path) {
    while (!out.empty()) {
        const ssize_t n = ::pread(file.fd, out.data(), out.size(), static_cast<off_t>(offset));
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0) {
            fail(path, "cannot read", errno);
        }
        user_check(n > 0,
                   "{}: expected {} more bytes at {}, found the end: the file shrank while it was read", path,
                   out.size(), offset);
        out = out.subspan(static_cast<size_t>(n));
        offset += static_cast<uint64_t>(n);
    }
}

bool is_gzip(std::string_view bytes) { return bytes.starts_with("\x1f\x8b"); }

/** zlib's state of one decompression. */
struct Inflater {
    z_stream stream{};
    Inflater() {
        constexpr int kGzipWindow = 15 + 16;
        internal_check(inflateInit2(&stream, kGzipWindow) == Z_OK, "zlib does not start");
    }
    Inflater(const Inflater &) = delete;
    Inflater &operator=(const Inflater &) = delete;
    ~Inflater() { inflateEnd(&stream); }
};

}  // namespace

ByteSource open_file(const std::string &path) {
    // Without O_NONBLOCK, opening a named pipe would wait for a writer.
    auto file = std::make_shared<const Descriptor>(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (file->fd < 0) {
        fail(path, "cannot read", errno);
    }
    struct stat status {};
    if (::fstat(file->fd, &status) != 0) {
        fail(path, "cannot read", errno);
    }
    user_check(S_ISREG(status.st_mode), "{}: expected a file, found a {}", path,
               S_ISDIR(status.st_mode) ? "folder" : "device or pipe");
    return {path, static_cast<uint64_t>(status.st_size),
            [file, path](uint64_t offset, std::span<std::byte> out) { read_at(*file, offset, out, path); }};
}

ByteSource open_memory(std::string_view bytes, const std::string &name) {
    return {name, bytes.size(), [bytes](uint64_t offset, std::span<std::byte> out) {
                internal_check(offset <= bytes.size() && out.size() <= bytes.size() - offset,
                               "read outside memory");
                std::memcpy(out.data(), bytes.data() + offset, out.size());
            }};
}

std::string read_file(const std::string &path, uint64_t max_bytes) {
    const ByteSource file = open_file(path);
    user_check(file.size <= max_bytes, "{}: expected at most {} bytes, found {}", path, max_bytes, file.size);
    std::string bytes(file.size, '\0');
    file.read(0, std::as_writable_bytes(std::span(bytes)));
    return bytes;
}

StagedFile::StagedFile(const std::string &path, std::span<const std::string_view> parts) : path_(path) {
    std::error_code ignored;
    user_check(!path.empty(), "expected the name of a file to write, found ''");
    user_check(!fs::is_directory(path, ignored), "{}: expected the name of a file to write, found a folder",
               path);
    // A link stays, and what it points to is replaced.
    target_ = fs::canonical(path, ignored).string();
    if (target_.empty()) {
        target_ = path;
    }
    static std::atomic<int> counter = 0;
    temporary_ = fmt::format("{}.{}-{}.tmp", target_, ::getpid(), counter++);
    Descriptor file(::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
    if (file.fd < 0) {
        fail(path, "cannot write", errno);
    }
    try {
        write_all(file, parts, path);
        if (::fsync(file.fd) != 0) {
            fail(path, "cannot write", errno);
        }
        close_checked(file, path);
    } catch (const CompileError &) {
        ::unlink(temporary_.c_str());
        throw;
    }
}

StagedFile::StagedFile(StagedFile &&other) noexcept
    : path_(std::move(other.path_)),
      target_(std::move(other.target_)),
      temporary_(std::exchange(other.temporary_, "")) {}

StagedFile::~StagedFile() {
    if (!temporary_.empty()) {
        ::unlink(temporary_.c_str());
    }
}

void StagedFile::commit() {
    if (::rename(temporary_.c_str(), target_.c_str()) != 0) {
        fail(path_, "cannot write", errno);
    }
    temporary_.clear();
    sync_folder(fs::path(target_).parent_path());
}

void write_file(const std::string &path, std::span<const std::string_view> parts) {
    std::error_code ignored;
    const fs::file_status status = fs::status(path, ignored);
    if (fs::exists(status) && !fs::is_regular_file(status) && !fs::is_directory(status)) {
        write_in_place(path, parts);
        return;
    }
    StagedFile(path, parts).commit();
}

void write_file(const std::string &path, std::string_view bytes) { write_file(path, std::span(&bytes, 1)); }

std::string gunzip(std::string bytes, const std::string &name, uint64_t max_bytes) {
    if (!is_gzip(bytes)) {
        return bytes;
    }
    constexpr size_t kMaxStep = size_t{1} << 30;  // zlib counts in 32 bits
    std::string content;
    std::string chunk(size_t{1} << 16, '\0');
    Inflater inflater;
    z_stream &stream = inflater.stream;
    std::string_view rest = bytes;
    for (;;) {
        const size_t step = std::min(rest.size(), kMaxStep);
        stream.next_in = reinterpret_cast<Bytef *>(const_cast<char *>(rest.data()));
        stream.avail_in = static_cast<uInt>(step);
        stream.next_out = reinterpret_cast<Bytef *>(chunk.data());
        stream.avail_out = static_cast<uInt>(chunk.size());
        const int status = inflate(&stream, Z_NO_FLUSH);
        rest.remove_prefix(step - stream.avail_in);
        content.append(chunk, 0, chunk.size() - stream.avail_out);
        user_check(content.size() <= max_bytes, "{}: expected gzip data of at most {} bytes, found more",
                   name, max_bytes);
        if (status == Z_STREAM_END) {
            if (rest.empty()) {
                return content;
            }
            user_check(is_gzip(rest), "{}: expected the end of the gzip data, found {} more bytes", name,
                       rest.size());
            inflateReset(&stream);
            continue;
        }
        user_check(status != Z_BUF_ERROR, "{}: expected complete gzip data, found it truncated at byte {}",
                   name, bytes.size());
        user_check(status == Z_OK, "{}: expected gzip data, found it damaged ({})", name,
                   stream.msg != nullptr ? stream.msg : zError(status));
    }
}

}  // namespace quantide
