#include "compiler/base/file.h"

#include "tests/base/expect_error.h"
#include "tests/base/gzip.h"
#include "tests/base/temporary_folder.h"

#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include <csignal>
#include <cstring>

#include <array>
#include <thread>

namespace quantide {

namespace {

using testing::ElementsAre;
using testing::IsEmpty;

/** Lets no file of this process grow beyond `bytes`: a full disk in small. */
class FileSizeLimit {
public:
    explicit FileSizeLimit(rlim_t bytes) : handler_(std::signal(SIGXFSZ, SIG_IGN)) {
        getrlimit(RLIMIT_FSIZE, &old_);
        const rlimit limit{bytes, old_.rlim_max};
        setrlimit(RLIMIT_FSIZE, &limit);
    }
    FileSizeLimit(const FileSizeLimit &) = delete;
    FileSizeLimit &operator=(const FileSizeLimit &) = delete;
    ~FileSizeLimit() {
        setrlimit(RLIMIT_FSIZE, &old_);
        std::signal(SIGXFSZ, handler_);
    }

private:
    void (*handler_)(int);
    rlimit old_{};
};

TEST(ReadFile, ReturnsEveryByte) {
    const TemporaryFolder folder;
    for (size_t size : {size_t{0}, size_t{1}, size_t{64}, size_t{100001}}) {
        std::string content(size, '\0');
        for (size_t i = 0; i < size; ++i) {
            content[i] = static_cast<char>(i * 7);
        }
        EXPECT_EQ(read_file(folder.add("a", content)), content);
    }
}

TEST(ReadFile, NamesWhatIsWrong) {
    const TemporaryFolder folder;
    expect_error([&] { read_file(folder / "absent"); }, {folder / "absent", "cannot read", "No such file"});
    expect_error([&] { read_file(folder.path()); }, {folder.path(), "expected a file", "found a folder"});
    expect_error([&] { read_file("/dev/null"); }, {"/dev/null", "expected a file", "found a device"});
    expect_error([&] { read_file(""); }, {"cannot read"});
    const std::string pipe = folder / "pipe";
    ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
    expect_error([&] { read_file(pipe); }, {pipe, "found a device or pipe"});
}

TEST(ReadFile, RefusesMoreThanTheLimit) {
    const TemporaryFolder folder;
    const std::string path = folder.add("a", "12345");
    EXPECT_EQ(read_file(path, 5), "12345");
    expect_error([&] { read_file(path, 4); }, {path, "at most 4 bytes", "found 5"});
}

TEST(OpenFile, ReadsAnyPartAndNoticesAShrunkenFile) {
    const TemporaryFolder folder;
    const std::string path = folder.add("a", "0123456789");
    const ByteSource file = open_file(path);
    EXPECT_EQ(file.size, 10U);
    std::array<char, 3> part{};
    file.read(4, std::as_writable_bytes(std::span(part)));
    EXPECT_THAT(part, ElementsAre('4', '5', '6'));
    ASSERT_EQ(truncate(path.c_str(), 5), 0);
    expect_error([&] { file.read(4, std::as_writable_bytes(std::span(part))); }, {path, "shrank"});
}

TEST(OpenMemory, RefusesToReadOutside) {
    const ByteSource memory = open_memory("abc", "m");
    std::array<std::byte, 2> out{};
    memory.read(1, out);
    EXPECT_THROW(memory.read(2, out), InternalError);
    EXPECT_THROW(memory.read(UINT64_MAX, out), InternalError);
}

TEST(WriteFile, WritesThePartsInOrderAndReplaces) {
    const TemporaryFolder folder;
    const std::string path = folder / "a";
    write_file(path, "old");
    const std::array<std::string_view, 3> parts = {"ne", "", std::string_view("w\0!", 3)};
    write_file(path, parts);
    EXPECT_EQ(content_of(path), std::string("new\0!", 5));
    EXPECT_THAT(folder.names(), ElementsAre("a"));
}

TEST(WriteFile, WritesRelativeToTheWorkingFolder) {
    const TemporaryFolder folder;
    const auto previous = std::filesystem::current_path();
    std::filesystem::current_path(folder.path());
    write_file("a", "1");
    std::filesystem::current_path(previous);
    EXPECT_EQ(content_of(folder / "a"), "1");
}

TEST(WriteFile, FollowsALink) {
    const TemporaryFolder folder;
    const std::string path = folder.add("file", "old");
    ASSERT_EQ(symlink("file", (folder / "link").c_str()), 0);
    write_file(folder / "link", "new");
    EXPECT_EQ(content_of(path), "new");
    EXPECT_TRUE(std::filesystem::is_symlink(folder / "link"));
}

TEST(WriteFile, WritesADeviceInPlace) {
    write_file("/dev/null", "x");
    EXPECT_TRUE(std::filesystem::is_character_file("/dev/null"));
    if (!std::filesystem::exists("/dev/full")) {
        GTEST_SKIP() << "this system has no /dev/full";
    }
    expect_error([] { write_file("/dev/full", "x"); },
                 {"/dev/full", "cannot write", "No space left on device"});
}

TEST(StagedFile, AppearsWhenCommitted) {
    const TemporaryFolder folder;
    const std::string path = folder.add("a", "old");
    const std::string_view bytes = "new";
    { const StagedFile dropped(path, std::span(&bytes, 1)); }
    EXPECT_THAT(folder.names(), ElementsAre("a"));
    StagedFile staged(path, std::span(&bytes, 1));
    StagedFile moved(std::move(staged));
    EXPECT_EQ(content_of(path), "old");
    moved.commit();
    EXPECT_EQ(content_of(path), "new");
    EXPECT_THAT(folder.names(), ElementsAre("a"));
}

TEST(WriteFile, LeavesTheOldFileWhenTheDiskIsFull) {
    const TemporaryFolder folder;
    const std::string path = folder.add("a", "old");
    {
        const FileSizeLimit limit(1000);
        expect_error([&] { write_file(path, std::string(5000, 'x')); },
                     {path, "cannot write", "File too large"});
    }
    EXPECT_EQ(content_of(path), "old");
    EXPECT_THAT(folder.names(), ElementsAre("a"));
}

TEST(WriteFile, NamesWhatIsWrongWithTheFolder) {
    const TemporaryFolder folder;
    const std::string file = folder.add("a", "old");
    expect_error([&] { write_file(folder.path(), "x"); }, {folder.path(), "found a folder"});
    expect_error([&] { write_file(folder / "no/a", "x"); },
                 {folder / "no/a", "cannot write", "No such file"});
    expect_error([&] { write_file(file + "/b", "x"); }, {file + "/b", "cannot write", "Not a directory"});
    expect_error([] { write_file("", "x"); }, {"name of a file", "''"});
    EXPECT_THAT(folder.names(), ElementsAre("a"));
}

TEST(WriteFile, RefusesAFolderThatIsNotWritable) {
    const TemporaryFolder folder;
    ASSERT_EQ(chmod(folder.path().c_str(), 0555), 0);
    constexpr uid_t kNobody = 65534;
    const bool root = geteuid() == 0;
    if (root && seteuid(kNobody) != 0) {
        GTEST_SKIP() << "root may write anywhere and cannot become another user here";
    }
    expect_error([&] { write_file(folder / "a", "x"); }, {folder / "a", "cannot write", "Permission denied"});
    if (root) {
        ASSERT_EQ(seteuid(0), 0);
    }
    ASSERT_EQ(chmod(folder.path().c_str(), 0755), 0);
    EXPECT_THAT(folder.names(), IsEmpty());
}

TEST(WriteFile, IsWholeWhenSeveralThreadsWriteOneFile) {
    const TemporaryFolder folder;
    const std::string path = folder / "a";
    std::vector<std::thread> threads;
    for (char c : {'a', 'b', 'c'}) {
        threads.emplace_back([&, c] {
            for (int i = 0; i < 20; ++i) {
                write_file(path, std::string(10000, c));
            }
        });
    }
    for (std::thread &thread : threads) {
        thread.join();
    }
    const std::string content = content_of(path);
    EXPECT_EQ(content, std::string(10000, content.at(0)));
    EXPECT_THAT(folder.names(), ElementsAre("a"));
}

TEST(Gunzip, UndoesGzip) {
    for (size_t size : {size_t{0}, size_t{1}, size_t{65535}, size_t{65536}, size_t{65537}, size_t{1} << 20}) {
        std::string content(size, 'x');
        for (size_t i = 0; i < size; i += 3) {
            content[i] = static_cast<char>(i * i >> 3);
        }
        EXPECT_EQ(gunzip(gzip(content), "f"), content);
        EXPECT_EQ(gunzip(gzip(content) + gzip("tail"), "f"), content + "tail");
    }
}

TEST(Gunzip, PassesOtherBytes) {
    for (const std::string bytes : {"", "\x1f", "plain", "PK\x03\x04"}) {
        EXPECT_EQ(gunzip(bytes, "f"), bytes);
    }
}

TEST(Gunzip, RefusesEveryTruncation) {
    const std::string whole = gzip("The quick brown fox jumps over the lazy dog");
    for (size_t size = 2; size < whole.size(); ++size) {
        expect_error([&] { gunzip(whole.substr(0, size), "f.gz"); },
                     {"f.gz", "truncated", std::to_string(size)});
    }
}

TEST(Gunzip, RefusesDamage) {
    const std::string whole = gzip(std::string(1000, 'x'));
    std::string bad_crc = whole;
    bad_crc[whole.size() - 8] ^= 1;
    expect_error([&] { gunzip(bad_crc, "f.gz"); }, {"f.gz", "damaged", "incorrect data check"});
    std::string bad_size = whole;
    bad_size[whole.size() - 1] ^= 1;
    expect_error([&] { gunzip(bad_size, "f.gz"); }, {"f.gz", "damaged", "incorrect length check"});
    std::string bad_method = whole;
    bad_method[2] = 7;
    expect_error([&] { gunzip(bad_method, "f.gz"); }, {"f.gz", "damaged", "unknown compression method"});
    expect_error([&] { gunzip(whole + "junk", "f.gz"); }, {"f.gz", "the end", "4 more bytes"});
    expect_error([&] { gunzip(whole + whole.substr(0, 9), "f.gz"); }, {"f.gz", "truncated"});
}

TEST(Gunzip, RefusesABomb) {
    const std::string bomb = gzip(std::string(size_t{1} << 24, '\0'));
    EXPECT_LT(bomb.size(), size_t{1} << 17);
    EXPECT_EQ(gunzip(bomb, "f.gz", uint64_t{1} << 24).size(), size_t{1} << 24);
    expect_error([&] { gunzip(bomb, "f.gz", (uint64_t{1} << 24) - 1); }, {"f.gz", "at most 16777215 bytes"});
}

}  // namespace

}  // namespace quantide
